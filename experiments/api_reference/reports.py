"""The operations on reports."""

from __future__ import annotations

from collections.abc import Mapping

from experiments.api_reference.actions import NOTHING
from experiments.reports.report_views import ReportTextChanges
from experiments.shapes import report_shapes
from runs.api_reference.operation import Content, Operation

TAG = "Reports"
STORE = {503: "The object store of the run's files fails."}
NO_RESULT = {409: "The run has no result to report on, or figures cannot be drawn here; `detail` says what to do."}
FILE = Content(media_type="*/*", description="The file.")
MARKDOWN = Content(media_type="text/markdown", description="The same as Markdown.", is_text=True)


def _texts(summary: str, description: str) -> Operation:
    return Operation(
        summary=summary,
        description=description,
        body=ReportTextChanges,
        answers={200: report_shapes.ReportTextFields},
        refusals={409: "The texts were changed meanwhile: they have another revision."},
    )


OPERATIONS: Mapping[str, Operation] = {
    "GET run-reports": Operation(
        summary="List the reports on a run",
        description="The newest first, each with what of the run has changed since.",
        answers={200: report_shapes.ReportVersions},
    ),
    "POST run-reports": Operation(
        summary="Make a report on a run",
        description="For trainers of the project. It takes seconds, and stays as it is: HTML, JSON and figures, with "
        "their hashes.",
        body=NOTHING,
        is_body_required=False,
        answers={201: report_shapes.ReportVersion},
        refusals=NO_RESULT | STORE,
    ),
    "GET run-report": Operation(
        summary="Read a report",
        answers={200: report_shapes.WholeReport},
    ),
    "GET run-report-file": Operation(
        summary="Download a report",
        description="`report.html`, `report.json` or `report.pdf`, which is made when it is first asked for.",
        answers={200: FILE},
        refusals={409: "No PDF can be made here; `detail` says what to install."},
    ),
    "GET run-report-figure": Operation(
        summary="Download a figure of a report",
        description="As `<figure>.svg` or `<figure>.png`, or its numbers as `<figure>.csv`.",
        answers={200: FILE},
    ),
    "GET run-report-texts": Operation(
        summary="Read the texts for reports on a run", answers={200: report_shapes.ReportTextFields}
    ),
    "PATCH run-report-texts": _texts(
        "Change texts for reports on a run", "Those that are sent; for its owner and the admins of its project."
    ),
    "PUT run-report-texts": _texts(
        "Replace the texts for reports on a run", "All of them: those that are not sent are taken back."
    ),
    "GET run-model-card": Operation(
        summary="Read the model card of a run",
        answers={200: (report_shapes.ModelCard, MARKDOWN)},
        refusals=NO_RESULT | STORE,
    ),
}
