"""GET /api/runs/label-errors/: samples whose labels several runs contradict, and the same as CSV."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import HttpResponse
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from runs.api.csv_download import csv_download
from runs.api.heavy_requests import EXPORTS, STATISTICS
from runs.api.recorded_reading import record_reading
from runs.api.views import ReadingView, StoreUnavailable
from runs.errors import InvalidRequest
from runs.files.store import StoreError
from runs.listing.filters import Numbers, Parameters
from runs.models import Run
from runs.spreadsheets.neutral_cells import csv_text

if TYPE_CHECKING:
    from runs.label_errors.suspected_labels import Suspect, Suspicion

MOST_RUNS = 20
MOST_EXPORTED = 100_000
HEAD = ("sample_id", "patient_id", "file", "given_label", "suggested_label", "suspicion", "runs_wrong", "runs")
NOTE = (
    "A suspicion, not a proof: a rare or difficult sample looks the same, and labels that are wrong in the same way "
    "everywhere are learned and not found. Look at each one before you change it. Do not drop samples from the test "
    "split for being here: that makes the result too good. Runs of two classes decide at their own threshold here, not "
    "at a saved operating point, which weighs what errors cost."
)


class LabelErrorParameters(Parameters):
    """The runs whose predictions are compared with the labels: by number, or those of a group."""

    runs = Numbers(required=False, help_text="Numbers of at most 20 runs; or give `group`.")
    group = serializers.IntegerField(
        min_value=1, max_value=2**63 - 1, required=False, help_text="Number of a group of runs; or give `runs`."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse neither and both, and more runs than are read at once."""
        if ("runs" in attrs) == ("group" in attrs):
            raise InvalidRequest([{"field": "runs", "message": "Name runs, or a group, and not both."}])
        if len(set(attrs.get("runs", ()))) > MOST_RUNS:
            raise InvalidRequest([{"field": "runs", "message": f"At most {MOST_RUNS} runs can be read at once."}])
        return attrs


class LabelErrorPage(LabelErrorParameters):
    """Which page of the list, from 1."""

    page = serializers.IntegerField(min_value=1, max_value=100_000, default=1, help_text="Which page, from 1.")
    page_size = serializers.IntegerField(min_value=1, max_value=100, default=50, help_text="Samples on a page.")


class LabelErrorView(ReadingView):
    """Base of the views of the list."""

    parameters = LabelErrorParameters
    heavy = STATISTICS

    read_by = "run.samples_viewed"
    """The action that says that the list was read."""

    def found(self) -> Suspicion:
        """Compute the list, and record that it is read.

        Raises NotFound where the user may see none of the runs, and 503 without object store.
        """
        from runs.label_errors.suspected_labels import suspicion  # noqa: PLC0415

        asked = self.asked
        chosen = {"pk__in": asked["runs"]} if "runs" in asked else {"group_id": asked["group"], "replaced": False}
        runs: list[Run] = list(self.visible().filter(**chosen).order_by("pk")[:MOST_RUNS])
        if not runs:
            raise NotFound("There are no such runs.")
        try:
            found = suspicion(runs)
        except StoreError as error:
            raise StoreUnavailable(str(error)) from error
        record_reading(self.request, self.read_by, runs, what="suspected label errors")
        return found


class LabelErrors(LabelErrorView):
    """Suspected label errors, the most suspicious first."""

    parameters = LabelErrorPage

    def get(self, _request: Request) -> Response:
        """Return a page of them."""
        found, (page, size) = self.found(), (self.asked["page"], self.asked["page_size"])
        return Response(
            {
                "runs": [{"id": one.run_id, "name": one.name, "problem": one.problem} for one in found.members],
                "samples": found.samples,
                "relabelled": found.relabelled,
                "total": found.total,
                "page": page,
                "pages": max(1, -(-found.total // size)),
                "note": NOTE,
                "results": [_described(one, found.class_names) for one in found.described((page - 1) * size, size)],
            }
        )


class LabelErrorsExport(LabelErrorView):
    """All of them as CSV."""

    heavy = EXPORTS
    read_by = "samples.exported"

    def get(self, _request: Request) -> HttpResponse:
        """Return the file."""
        found = self.found()
        rows = (_described(one, found.class_names) for one in found.described(0, MOST_EXPORTED))
        return csv_download("label-errors.csv", csv_text(HEAD, ([row[name] for name in HEAD] for row in rows)))


def _described(one: Suspect, class_names: tuple[str, ...]) -> dict[str, Any]:
    return {
        "sample_id": one.sample_id,
        "patient_id": one.patient_id,
        "file": one.file,
        "given_label": class_names[one.given],
        "suggested_label": class_names[one.suggested],
        "suspicion": one.suspicion,
        "runs_wrong": one.wrong,
        "runs": one.runs,
        "run_id": one.run_id,
        "attempt": one.attempt,
        "split": one.split,
        "place": one.place,
    }
