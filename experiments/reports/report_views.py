"""The REST API of reports: their versions, the files of each, and the texts that people write for them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from django.http import HttpResponse
from rest_framework import serializers
from rest_framework.exceptions import NotFound, PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from access.decisions import access_of
from accounts.request_user import logged_in
from experiments.api import operations
from experiments.report_models import ReportVersion
from experiments.reports import report_texts, report_versions
from experiments.reports.model_card import as_markdown, model_card
from experiments.reports.report_fields import FIELDS
from runs import queries
from runs.api.bodies import body_of
from runs.api.csv_download import attachment_headers
from runs.api.heavy_requests import DOWNLOADS, STATISTICS, HeavyView
from runs.api.recorded_reading import record_reading
from runs.api.views import ReadingView, StoreUnavailable, one_of
from runs.errors import InvalidRequest
from runs.files.store import StoreError
from runs.listing.filters import Parameters
from runs.models import Run

MEDIA_TYPES = {
    "html": "text/html; charset=utf-8",
    "json": "application/json",
    "pdf": "application/pdf",
    "svg": "image/svg+xml",
    "png": "image/png",
    "csv": "text/csv; charset=utf-8",
}
SHOWN_INLINE = ("html", "png", "svg")
"""What a browser shows, each in a sandbox without scripts; all else is saved."""
SANDBOX = "sandbox; default-src 'none'; img-src data:; style-src 'unsafe-inline'; frame-ancestors 'none'"
DRAWN = ("svg", "png", "csv")


def run_of(request: Request, run_id: int) -> Run:
    """Return the run with what a report names; raises NotFound unless the user may see it."""
    return one_of(report_versions.with_what_is_named(queries.visible_runs(request.user)), run_id)


class ReportList(HeavyView):
    """The versions of a run's report; making one takes seconds."""

    http_method_names = ["get", "head", "options", "post"]
    parameters: type[Parameters] = Parameters

    def kind_of_request(self) -> Any:
        """Count what is made, which takes a processor."""
        return STATISTICS if self.request.method == "POST" else None

    def get(self, request: Request, run_id: int) -> Response:
        """Return the versions, the newest first."""
        run = run_of(request, run_id)
        found = report_versions.of_run(run)
        return Response({"run_id": run.pk, "results": report_versions.described(run, found)})

    def post(self, request: Request, run_id: int) -> Response:
        """Make a version and return it (201)."""
        run = run_of(request, run_id)
        body_of(request)
        if not access_of(request.user).may_train(run.project_id):
            raise PermissionDenied(report_versions.NO_TRAINER.format(run.pk))
        try:
            version = report_versions.make(run, request.user.get_username())
        except StoreError as error:
            raise StoreUnavailable(str(error)) from error
        return Response(report_versions.described(run, [version])[0], status=201)


class ReportView(ReadingView):
    """The base of the views of one version."""

    def version_of(self, request: Request, run_id: int, number: int) -> ReportVersion:
        """Return the version; raises NotFound where the run has none of that number, or may not be seen."""
        run = run_of(request, run_id)
        found = report_versions.of_number(run, number)
        if found is None:
            raise NotFound(f"Run {run_id} has no report {number}.")
        found.run = run
        return found


class ReportDetail(ReportView):
    """One version with its whole content."""

    heavy = DOWNLOADS

    def get(self, request: Request, run_id: int, number: int) -> Response:
        """Return the version, and in `report` the content of `report.json`."""
        version = self.version_of(request, run_id, number)
        content = report_versions.content_of(version, report_versions.JSON) or b"null"
        record_reading(request, "report.downloaded", [version.run], number=number)
        told = report_versions.described(version.run, [version])[0]
        return Response(told | {"report": msgspec.Raw(content)})


class ReportFileView(ReportView):
    """A file of a version: `report.html`, `report.json`, `report.pdf`."""

    heavy = DOWNLOADS

    def kind_of_request(self) -> Any:
        """Count PDFs with what takes a processor, as they may have to be made."""
        return STATISTICS if self.kwargs["name"] == report_versions.PDF else self.heavy

    def get(self, request: Request, run_id: int, number: int, name: str) -> HttpResponse:
        """Return the file; 404 for another name, 409 where no PDF can be made here."""
        version = self.version_of(request, run_id, number)
        if name == report_versions.PDF:
            return self.file_answer(request, version, name, report_versions.pdf_of(version))
        content = report_versions.content_of(version, name)
        if content is None:
            raise NotFound(f"Report {number} of run {run_id} has no file {name}.")
        return self.file_answer(request, version, name, content)

    def file_answer(self, request: Request, version: ReportVersion, name: str, content: bytes) -> HttpResponse:
        """Respond with a file that never changes."""
        record_reading(request, "report.downloaded", [version.run], number=version.number, file=name)
        kind = name.rpartition(".")[2]
        saved_as = f"run-{version.run_id}-report-{version.number}-{name.rpartition('/')[2]}"
        headers = attachment_headers(saved_as, inline=kind in SHOWN_INLINE) | {"Content-Security-Policy": SANDBOX}
        return HttpResponse(content, content_type=MEDIA_TYPES[kind], headers=headers)


class ReportFigure(ReportFileView):
    """A figure of a version as SVG or PNG, or its numbers as CSV."""

    def get(self, request: Request, run_id: int, number: int, name: str) -> HttpResponse:
        """Return the file; 404 where the version has no such figure."""
        version = self.version_of(request, run_id, number)
        content = report_versions.content_of(version, f"{report_versions.FIGURES}/{name}")
        if content is None or name.rpartition(".")[2] not in DRAWN:
            raise NotFound(f"Report {number} of run {run_id} has no figure {name}.")
        return self.file_answer(request, version, name, content)


class ReportTextChanges(Parameters):
    """Any of the texts by its field, and the revision that they were read with."""

    revision = serializers.IntegerField(
        required=False, min_value=0, max_value=2**63 - 1, help_text="The revision that the texts were read with."
    )

    def get_fields(self) -> dict[str, Any]:
        """Add a field for each text."""
        texts = {
            field.name: serializers.CharField(
                required=False, allow_blank=True, trim_whitespace=False, help_text=f"{field.title}: {field.hint}"
            )
            for field in FIELDS.values()
        }
        return super().get_fields() | texts

    def validate(self, attrs: Any) -> Any:
        """Normalise the texts; a wrong one is a validation error that names it."""
        problems: dict[str, str] = {}
        for name in FIELDS.keys() & attrs.keys():
            try:
                attrs[name] = report_texts.normalised(attrs[name])
            except ValueError as error:
                problems[name] = str(error)
        if problems:
            raise serializers.ValidationError(problems)
        return attrs


class ReportTexts(APIView):
    """The texts that people write for the reports on a run."""

    http_method_names = ["get", "head", "options", "put", "patch"]

    def get(self, request: Request, run_id: int) -> Response:
        """Return all fields with their texts, and all that was written before."""
        return Response(report_texts.described(run_of(request, run_id)))

    def patch(self, request: Request, run_id: int) -> Response:
        """Change the texts that are sent, and return all."""
        return self._changed(request, run_id, {})

    def put(self, request: Request, run_id: int) -> Response:
        """Replace all texts: those that are not sent are taken back."""
        return self._changed(request, run_id, dict.fromkeys(FIELDS, ""))

    def _changed(self, request: Request, run_id: int, others: Mapping[str, str]) -> Response:
        run = run_of(request, run_id)
        user = logged_in(request)
        operations.require_right(run, user)
        sent = body_of(request, ReportTextChanges)
        revision = sent.pop("revision", None)
        if not sent and not others:
            raise InvalidRequest([{"field": "(body)", "message": f"Send one text or more: {', '.join(FIELDS)}."}])
        report_texts.change(run, user.get_username(), {**others, **sent}, revision)
        return Response(report_texts.described(run))


class CardParameters(Parameters):
    """In which form."""

    file = serializers.ChoiceField(["md"], required=False, help_text="md: as Markdown, for a file beside the model.")


class ModelCard(ReadingView):
    """The model card of a run as it is now."""

    parameters = CardParameters
    heavy = DOWNLOADS

    def get(self, request: Request, run_id: int) -> Response | HttpResponse:
        """Return the card; 409 where the run has no result."""
        run = run_of(request, run_id)
        try:
            card = model_card(run)
        except StoreError as error:
            raise StoreUnavailable(str(error)) from error
        if "file" not in self.asked:
            return Response(card)
        record_reading(request, "report.downloaded", [run], file="model-card.md")
        headers = attachment_headers(f"run-{run.pk}-model-card.md")
        return HttpResponse(as_markdown(card), content_type="text/markdown; charset=utf-8", headers=headers)
