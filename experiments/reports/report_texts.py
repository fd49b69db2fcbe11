"""Keep the texts that people write for the reports on a run: the only writer of `ReportText`, and its reader."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from audit.recording import record
from experiments.report_models import ReportText
from experiments.reports.report_fields import FIELDS, LONGEST
from runs.errors import Conflict
from runs.events import format_time
from runs.models import Run


def normalised(value: str) -> str:
    """Return a text without what no page can show, with one kind of line ends. Raises ValueError with the cure."""
    text = value.replace("\r\n", "\n").replace("\r", "\n")
    kept = "".join(c for c in text if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cs")).strip()
    if len(kept) > LONGEST:
        raise ValueError(f"It has {len(kept):,} characters; at most {LONGEST:,} are kept. Shorten it.")
    return kept


def texts_of(run: Run) -> dict[str, ReportText]:
    """Read the row that holds of each field that has one, by the field's name; blank ones are left out."""
    newest = ReportText.objects.filter(run=run).order_by().values("field").annotate(newest=Max("pk"))
    rows = {row.field: row for row in ReportText.objects.filter(pk__in=newest.values("newest"))}
    return {name: rows[name] for name in FIELDS if name in rows and rows[name].text}


def revision(run: Run) -> int:
    """Return a number that each change raises; 0 before the first."""
    return ReportText.objects.filter(run=run).order_by("-pk").values_list("pk", flat=True).first() or 0


def change(run: Run, by: str, texts: Mapping[str, str], read: int | None = None) -> list[str]:
    """Keep the texts that differ from those that hold, and return the names of their fields.

    `read` is the revision that the texts were read with. Raises Conflict where there is another one by now.
    """
    with transaction.atomic():
        Run.objects.select_for_update().only("pk").get(pk=run.pk)
        if read is not None and read != revision(run):
            raise Conflict(
                f"The texts of run {run.pk} were changed meanwhile. Read them again, and send yours with the new "
                "revision."
            )
        held = {name: row.text for name, row in texts_of(run).items()}
        changed = [name for name, text in texts.items() if text != held.get(name, "")]
        now = timezone.now()
        ReportText.objects.bulk_create(
            ReportText(run=run, field=name, text=texts[name], by=by, at=now) for name in changed
        )
        if changed:
            record("report.texts_changed", target=run, fields=changed)
    return changed


def described(run: Run) -> dict[str, Any]:
    """Describe all fields, with what was written before, the newest first."""
    found = list(ReportText.objects.filter(run=run).order_by("-pk"))
    rows: dict[str, list[ReportText]] = {}
    for row in found:
        rows.setdefault(row.field, []).append(row)
    fields = [
        {
            "name": field.name,
            "title": field.title,
            "section": field.section,
            "hint": field.hint,
            "text": rows[field.name][0].text if field.name in rows else "",
            "history": [
                {"text": row.text, "by": row.by, "at": format_time(row.at)} for row in rows.get(field.name, [])
            ],
        }
        for field in FIELDS.values()
    ]
    return {"run_id": run.pk, "revision": found[0].pk if found else 0, "fields": fields}
