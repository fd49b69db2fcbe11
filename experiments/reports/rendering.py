"""Write a report as one HTML document: no scripts, nothing outside, styles and figures inside."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any

from django.template.loader import render_to_string

from experiments.reports.checklists.lists import OUT_OF_REACH
from experiments.reports.document import Checklist, Report, Section
from experiments.reports.drawing.plots import Drawn
from experiments.reports.report_fields import FIELDS, NOT_STATED

TEMPLATE = "experiments/report/document.html"
POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
"""What the document itself may load, wherever it is opened."""
STATUS_WORDS = {
    "shown": "shown",
    "partly": "partly",
    "to_write": "to be written",
    "missing": "not available",
    "not_applicable": "not applicable",
}
WIDE = 7
"""Columns from which on a table is printed smaller."""
SHORT = 12
"""Rows up to which a table is printed on one page."""


def html_of(report: Report, drawn: Sequence[Drawn], content_sha256: str) -> bytes:
    """Render the document; `content_sha256` is that of `report.json`, which has the same content."""
    pictures = {one.name: _data_address(one.svg) for one in drawn}
    figures = {figure.name: figure for figure in report.figures}
    sections = [
        {
            "id": section.id,
            "title": section.title,
            "items": section.items,
            "blocks": [_block(block, figures, pictures) for block in section.blocks],
        }
        for section in report.sections
    ]
    context = {
        "report": report,
        "sections": sections,
        "checklists": shown_checklists(report.checklists, report.sections),
        "out_of_reach": OUT_OF_REACH,
        "policy": POLICY,
        "not_stated": NOT_STATED,
        "content_sha256": content_sha256,
    }
    return render_to_string(TEMPLATE, context).encode()


def _data_address(svg: bytes) -> str:
    return f"data:image/svg+xml;base64,{base64.b64encode(svg).decode()}"


def _block(block: Any, figures: Mapping[str, Any], pictures: Mapping[str, str]) -> dict[str, Any]:
    found = {"kind": block.__struct_config__.tag}
    if found["kind"] == "figure":
        return found | {"figure": figures[block.name], "picture": pictures.get(block.name)}
    if found["kind"] == "table":
        return found | {"block": block, "is_wide": len(block.head) >= WIDE, "is_short": len(block.rows) <= SHORT}
    if found["kind"] == "facts":
        return found | {"block": block, "is_short": len(block.facts) <= SHORT}
    return found | {"block": block}


def shown_checklists(checklists: Sequence[Checklist], sections: Sequence[Section]) -> list[dict[str, Any]]:
    """Return check-lists as templates show them; each item leads to some of the sections."""
    titles = {section.id: section.title for section in sections}
    return [_checklist(one, titles) for one in checklists]


def _checklist(found: Checklist, titles: Mapping[str, str]) -> dict[str, Any]:
    counts = {status: sum(item.status == status for item in found.items) for status in STATUS_WORDS}
    return {
        "id": found.id,
        "title": found.title,
        "note": found.note,
        "counts": [(status, STATUS_WORDS[status], count) for status, count in counts.items() if count],
        "items": [
            {
                "number": item.number,
                "what": item.what,
                "status": item.status,
                "word": STATUS_WORDS[item.status],
                "sections": [(id_, titles[id_]) for id_ in item.sections],
                "missing": ", ".join(FIELDS[name].title for name in item.fields),
                "why": item.why,
            }
            for item in found.items
        ],
    }
