"""GET /api/runs/differences/ and what is below it: whether runs of the same samples differ by more than chance."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.http import HttpResponseBase
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from runs.api.csv_download import Pieces, csv_stream
from runs.api.heavy_requests import EXPORTS, STATISTICS
from runs.api.recorded_reading import record_reading
from runs.api.views import ReadingView, StoreUnavailable
from runs.comparison.compared_runs import SIDES, SPLITS, NotComparable, by_split
from runs.errors import InvalidRequest
from runs.files.store import StoreError
from runs.listing.filters import Numbers, Parameters
from runs.models import Run

MOST_RUNS = 20
MOST_PAGES = 100_000
HIGHEST_NUMBER = 2**63 - 1  # of a row


class DifferenceParameters(Parameters):
    """The runs to compare, by number."""

    runs = Numbers(required=True, help_text="Numbers of at most 20 runs.")

    def validate_runs(self, numbers: list[int]) -> list[int]:
        """Refuse more runs than the page compares."""
        if len(set(numbers)) > MOST_RUNS:
            raise serializers.ValidationError(f"At most {MOST_RUNS} runs can be compared at once.")
        return list(dict.fromkeys(numbers))


class PairedParameters(DifferenceParameters):
    """With the run that the others are compared with, by default the first, and the split, by default test."""

    reference = serializers.IntegerField(
        min_value=1,
        max_value=HIGHEST_NUMBER,
        required=False,
        help_text="The run that the others are compared with; by default the first.",
    )
    split = serializers.ChoiceField(SPLITS, required=False, help_text="By default the one that most of them evaluated.")


class FlippedParameters(Parameters):
    """A pair of runs, and which of them is right; `page` counts from 1."""

    reference = serializers.IntegerField(min_value=1, max_value=HIGHEST_NUMBER, help_text="Number of the one run.")
    run = serializers.IntegerField(min_value=1, max_value=HIGHEST_NUMBER, help_text="Number of the other run.")
    split = serializers.ChoiceField(SPLITS, required=False, help_text="By default the one that both evaluated.")
    right = serializers.ChoiceField(SIDES, default="run", help_text="Which of them is right.")
    page = serializers.IntegerField(min_value=1, max_value=MOST_PAGES, default=1, help_text="Which page, from 1.")


class ComparisonView(ReadingView):
    """Base of the views of runs over a split that all of them evaluated."""

    heavy = STATISTICS

    def runs_of(self, numbers: Sequence[int]) -> list[Run]:
        """Find the runs in this order; one that the user may not see, or that is gone, is left out."""
        found = self.visible().in_bulk(numbers)
        return [found[number] for number in numbers if number in found]

    def over_split(self, runs: Sequence[Run]) -> tuple[list[Run], str]:
        """Return the runs over the split that is asked for, or over the one that most share. Raises NotFound."""
        found = by_split(runs)
        split = self.asked.get("split") or max(found, key=lambda name: len(found[name]), default=None)
        if split not in found:
            raise NotFound("No two of these runs have ended and evaluated the same split.")
        return found[split], split

    def pair(self) -> tuple[list[Run], str]:
        """Return reference and run, and the split. Raises InvalidRequest, NotFound."""
        asked = self.asked
        if asked["reference"] == asked["run"]:
            raise InvalidRequest([{"field": "run", "message": "Write another run than the reference."}])
        return self.over_split(self.runs_of([asked["reference"], asked["run"]]))

    def answered(self, build: Callable[[], Any]) -> Any:
        """Return what `build` makes; 503 when the object store fails."""
        try:
            return build()
        except StoreError as error:
            raise StoreUnavailable(str(error)) from error


class Differences(ComparisonView):
    """Paired differences of the AUROC of all pairs of runs."""

    parameters = DifferenceParameters

    def get(self, _request: Request) -> Response:
        """Return each split's comparison; a run that the user may not see, or that is gone, is left out."""
        from runs.comparison.auroc_differences import differences  # noqa: PLC0415

        found = self.runs_of(sorted(self.asked["runs"]))
        return Response({"splits": self.answered(lambda: differences(found))})


class PairedDifferences(ComparisonView):
    """All numbers and decisions of runs against those of a reference run."""

    parameters = PairedParameters

    def get(self, _request: Request) -> Response:
        """Return the comparison over one split."""
        from runs.comparison.paired_report import report  # noqa: PLC0415

        numbers, reference = self.asked["runs"], self.asked.get("reference")
        if reference is not None and reference not in numbers:
            message = "Write one of the runs that are compared."
            raise InvalidRequest([{"field": "reference", "message": message}])
        first = numbers[0] if reference is None else reference
        runs, split = self.over_split(self.runs_of(sorted(numbers, key=lambda number: number != first)))
        if runs[0].pk != first:
            raise NotFound(f"Run {first}, the reference, does not exist or has not evaluated the {split} split.")
        return Response(self.answered(lambda: report(runs, split)))


class FlippedSamples(ComparisonView):
    """The samples on which only one of two runs decides rightly."""

    parameters = FlippedParameters

    def get(self, request: Request) -> Response:
        """Return a page of them."""
        from runs.comparison.flipped_samples import flipped_samples  # noqa: PLC0415

        runs, split = self.pair()
        found = self.answered(lambda: flipped_samples(runs, split, self.asked["right"], self.asked["page"]))
        record_reading(request, "run.samples_viewed", runs, split=split)
        return Response(found)


class FlippedTable(ComparisonView):
    """All of them, of both sides, as a table."""

    parameters = FlippedParameters
    heavy = EXPORTS

    def get(self, request: Request) -> HttpResponseBase:
        """Stream the table."""
        from runs.comparison.flipped_samples import csv_pieces  # noqa: PLC0415

        runs, split = self.pair()
        try:
            head, rows = self.answered(lambda: csv_pieces(runs, split))
        except NotComparable as error:
            raise NotFound(str(error)) from error
        record_reading(request, "samples.exported", runs, split=split, what="differing decisions")
        return csv_stream(f"flipped-{runs[0].pk}-{runs[1].pk}-{split}.csv", Pieces(head, rows))
