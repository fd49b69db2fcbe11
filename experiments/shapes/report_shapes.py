"""What the addresses of reports are answered with. See `experiments.reports`."""

from __future__ import annotations

from typing import Any, TypedDict

from experiments.reports.document import Report


class ReportText(TypedDict):
    """A text as it was written."""

    text: str
    by: str
    at: str


class ReportTextField(TypedDict):
    """A text that people write: `section` of the report shows it, `history` has all that was written, newest first."""

    name: str
    title: str
    section: str
    hint: str
    text: str
    history: list[ReportText]


class ReportTextFields(TypedDict):
    """All texts; `revision` is raised by each change."""

    run_id: int
    revision: int
    fields: list[ReportTextField]


class ReportFile(TypedDict):
    """A file of a version: its name below the version's address, size in bytes and hash."""

    name: str
    size: int
    sha256: str


class ReportLinks(TypedDict):
    """Paths of a version on this server."""

    self: str
    html: str
    json: str
    pdf: str


class ReportVersion(TypedDict):
    """A version; `sha256` is of its HTML, and `changes` say in sentences what of the run has changed since."""

    run_id: int
    number: int
    by: str
    at: str
    schema_version: int
    sha256: str
    changes: list[str]
    files: list[ReportFile]
    links: ReportLinks


class ReportVersions(TypedDict):
    """All versions of a run's report, the newest first."""

    run_id: int
    results: list[ReportVersion]


class WholeReport(ReportVersion):
    """A version with its content, which is that of `report.json`."""

    report: Report


class ModelCard(TypedDict):
    """The model card of a run; a reader looks for keys, new ones may come."""

    card_version: int
    run_id: int
    attempt: int
    name: str
    model: dict[str, Any]
    data: dict[str, Any]
    performance: dict[str, Any]
    training: dict[str, Any]
    notes: list[str]
    known_limits: list[str]
    texts: dict[str, str | None]
