"""Make frozen versions of a run's report, and read them: the only writer of `ReportVersion` and `ReportFile`.

Figures are drawn before the transaction, which then finds the number, renders and stores: a version never changes.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from django.db import transaction
from django.db.models import Max, QuerySet
from django.utils import timezone

from audit.recording import record
from experiments.launch import git_commit
from experiments.report_models import ReportFile, ReportVersion
from experiments.reports.document import SCHEMA_VERSION, Figure, Head, Report
from experiments.reports.drawing import requests
from experiments.reports.drawing.plots import Drawn
from experiments.reports.rendering import html_of
from experiments.reports.report_basis import Basis, basis_of, changes_since
from experiments.reports.source import source_of
from runs.errors import Conflict
from runs.events import format_time
from runs.models import Run
from runs.spreadsheets.neutral_cells import csv_text

HTML, JSON, PDF = "report.html", "report.json", "report.pdf"
FIGURES = "figures"
MOST_VERSIONS = 500
"""Of a run; each takes some hundred kilobytes."""
NO_TRAINER = "Only trainers and admins of the project of run {} make reports on it."
CHANGED = "Run {} was changed while the report was made. Make it again."


def with_what_is_named(runs: QuerySet[Run]) -> QuerySet[Run]:
    """Read runs with what a report names of them."""
    return runs.select_related("owner", "project", "group")


def of_run(run: Run) -> list[ReportVersion]:
    """Return the versions of a run, the newest first."""
    return list(ReportVersion.objects.filter(run=run).order_by("-number"))


def of_number(run: Run, number: int) -> ReportVersion | None:
    """Return a version of a run; None where it has none of that number."""
    return ReportVersion.objects.filter(run=run, number=number).first()


def make(run: Run, by: str) -> ReportVersion:
    """Make a version of the run as it is now. Raises Conflict (409) with what is in the way, and StoreError."""
    from experiments.reports.assembly import material_of, report_of  # noqa: PLC0415  # brings NumPy

    basis = basis_of(run)
    material = material_of(source_of(run))
    drawn = requests.drawn(material.plots)
    code_version, now = git_commit(), timezone.now()
    with transaction.atomic():
        Run.objects.select_for_update().only("pk").get(pk=run.pk)
        if basis != basis_of(Run.objects.get(pk=run.pk)):
            raise Conflict(CHANGED.format(run.pk))
        number = next_number(run)
        report = report_of(material, head_of(run, number, by, now, code_version))
        return _store(run, report, drawn, basis, now)


def next_number(run: Run) -> int:
    """Return the number of the next version; raises Conflict where there are too many."""
    newest = ReportVersion.objects.filter(run=run).aggregate(newest=Max("number"))["newest"] or 0
    if newest >= MOST_VERSIONS:
        raise Conflict(f"Run {run.pk} has {newest} reports, and no more are kept of one run.")
    return int(newest) + 1


def head_of(run: Run, number: int, by: str, at: datetime, code_version: str) -> Head:
    """Describe what the report is about, and who makes it."""
    return Head(
        run_id=run.pk,
        run_name=run.experiment_name,
        project=run.project.name,
        attempt=run.attempt,
        title=f"Report on the model of run {run.pk}: {run.experiment_name}",
        number=number,
        by=by,
        at=format_time(at),
        code_version=code_version,
    )


def _store(run: Run, report: Report, drawn: Sequence[Drawn], basis: Basis, now: datetime) -> ReportVersion:
    content = msgspec.json.format(msgspec.json.encode(report), indent=1) + b"\n"
    html = html_of(report, drawn, _sha256(content))
    version = ReportVersion.objects.create(
        run=run,
        number=report.head.number,
        by=report.head.by,
        at=now,
        schema_version=SCHEMA_VERSION,
        sha256=_sha256(html),
        basis=msgspec.to_builtins(basis),
    )
    files = {HTML: html, JSON: content}
    files |= {f"{FIGURES}/{one.name}.svg": one.svg for one in drawn}
    files |= {f"{FIGURES}/{one.name}.png": one.png for one in drawn}
    files |= {f"{FIGURES}/{figure.name}.csv": _csv(figure) for figure in report.figures}
    ReportFile.objects.bulk_create(_file(version, name, content) for name, content in files.items())
    record("report.created", target=run, number=version.number, sha256=version.sha256)
    return version


def _csv(figure: Figure) -> bytes:
    return ("\ufeff" + csv_text(figure.columns, figure.rows)).encode()


def _file(version: ReportVersion, name: str, content: bytes) -> ReportFile:
    return ReportFile(
        version=version, name=name, size=len(content), sha256=_sha256(content), content=zlib.compress(content, 6)
    )


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def content_of(version: ReportVersion, name: str) -> bytes | None:
    """Read a file of a version; None where it has none of that name."""
    found = ReportFile.objects.filter(version=version, name=name).first()
    return None if found is None else zlib.decompress(found.content)


def pdf_of(version: ReportVersion) -> bytes:
    """Return the version as PDF: made of its HTML when first asked for, and kept. Raises Conflict with the cure."""
    kept = content_of(version, PDF)
    if kept is not None:
        return kept
    html = content_of(version, HTML)
    if html is None:
        raise Conflict(f"{version} has no {HTML} any more.")
    made = _file(version, PDF, requests.printed(html))
    columns = {"size": made.size, "sha256": made.sha256, "content": made.content}
    found, _ = ReportFile.objects.get_or_create(version=version, name=PDF, defaults=columns)
    return zlib.decompress(found.content)


def described(run: Run, versions: Sequence[ReportVersion]) -> list[dict[str, Any]]:
    """Describe versions of a run, with what has changed since each, and their files."""
    now = basis_of(run)
    files: dict[int, list[dict[str, Any]]] = {}
    rows = ReportFile.objects.filter(version__in=[one.pk for one in versions])
    for pk, name, size, sha256 in rows.values_list("version_id", "name", "size", "sha256"):
        files.setdefault(pk, []).append({"name": name, "size": size, "sha256": sha256})
    return [_described(version, changes_since(version.basis, now), files.get(version.pk, [])) for version in versions]


def _described(version: ReportVersion, changes: list[str], files: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "run_id": version.run_id,
        "number": version.number,
        "by": version.by,
        "at": format_time(version.at),
        "schema_version": version.schema_version,
        "sha256": version.sha256,
        "changes": changes,
        "files": files,
        "links": links(version.run_id, version.number),
    }


def links(run_id: int, number: int) -> Mapping[str, str]:
    """Return the paths of a version on this server."""
    own = f"/api/runs/{run_id}/reports/{number}/"
    return {"self": own, "html": f"{own}{HTML}", "json": f"{own}{JSON}", "pdf": f"{own}{PDF}"}
