"""GET /api/runs/differences/: whether the runs on the page that compares them differ by more than chance."""

from __future__ import annotations

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from runs.api.views import ReadingView, StoreUnavailable
from runs.files.store import StoreError
from runs.listing.filters import Numbers, Parameters

MOST_RUNS = 20


class DifferenceParameters(Parameters):
    """The runs to compare, by number."""

    runs = Numbers(required=True)

    def validate_runs(self, numbers: list[int]) -> list[int]:
        """Refuse more runs than the page compares."""
        if len(set(numbers)) > MOST_RUNS:
            raise serializers.ValidationError(f"At most {MOST_RUNS} runs can be compared at once.")
        return numbers


class Differences(ReadingView):
    """Paired differences of the AUROC of runs that evaluated the same samples."""

    parameters = DifferenceParameters

    def get(self, _request: Request) -> Response:
        """Return each split's comparison; a run that the user may not see, or that is gone, is left out."""
        from runs.comparison.auroc_differences import differences  # noqa: PLC0415

        found = self.visible().filter(pk__in=self.asked["runs"]).order_by("pk")
        try:
            return Response({"splits": differences(list(found))})
        except StoreError as error:
            raise StoreUnavailable(str(error)) from error
