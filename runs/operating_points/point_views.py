"""GET /api/runs/<run_id>/operating-points/: thresholds chosen on validation, and what they give on each split."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from runs import queries
from runs.api.heavy_requests import STATISTICS
from runs.api.views import ReadingView, StoreUnavailable, one_of
from runs.files.store import StoreError
from runs.listing.filters import Parameters
from runs.models import FinalResult, Run
from runs.serializers import operating_points, positive_class
from runs.statistics.operating_points.rules import COST, SENSITIVITY, SPECIFICITY
from runs.wording.operating_point_text import described_points

LEAST_RATIO, HIGHEST_RATIO = 0.001, 1000
LEAST_SHARE = 0.01
RATIO_CURE = "Write a number from 0.001 to 1000."
SHARE_CURE = "Write a number from 0.01 to 1, such as 0.95."
_RULES = {"cost_ratio": COST, "sensitivity": SENSITIVITY, "specificity": SPECIFICITY}


class PointParameters(Parameters):
    """The numbers of further points: what a missed positive costs, in false alarms, and the least shares."""

    cost_ratio = serializers.FloatField(
        min_value=LEAST_RATIO,
        max_value=HIGHEST_RATIO,
        required=False,
        help_text="What a missed positive costs, in false alarms: adds the point of least cost.",
    )
    sensitivity = serializers.FloatField(
        min_value=LEAST_SHARE, max_value=1, required=False, help_text="The least share: adds a point."
    )
    specificity = serializers.FloatField(
        min_value=LEAST_SHARE, max_value=1, required=False, help_text="The least share: adds a point."
    )

    def validate_cost_ratio(self, ratio: float) -> float:
        """Refuse what is no number, which compares with nothing."""
        return number_of(ratio, RATIO_CURE)

    def validate_sensitivity(self, share: float) -> float:
        """Refuse the same."""
        return number_of(share, SHARE_CURE)

    def validate_specificity(self, share: float) -> float:
        """Refuse the same."""
        return number_of(share, SHARE_CURE)


def number_of(value: float, cure: str) -> float:
    """Return the number; raises ValidationError for what is none."""
    if math.isnan(value):
        raise serializers.ValidationError(cure)
    return value


class RunOperatingPoints(ReadingView):
    """The operating points of the best checkpoint; `points` is null where there are none, and with many classes."""

    parameters = PointParameters
    heavy = STATISTICS

    def get(self, _request: Request, run_id: int) -> Response:
        """Return the stored points; those of an older run, and one for costs, from its predictions."""
        run = one_of(self.visible(), run_id)
        results = queries.final_results(run.pk)
        positive = positive_class(results[0].class_names) if results else None
        try:
            points = _points(run, results, self._given()) if positive is not None else None
        except StoreError as error:
            raise StoreUnavailable(str(error)) from error
        return Response({"run_id": run.pk, "status": run.status, "positive_class": positive, "points": points})

    def _given(self) -> dict[str, float]:
        return {rule: self.asked[name] for name, rule in _RULES.items() if name in self.asked}


def _points(run: Run, results: Sequence[FinalResult], given: Mapping[str, float]) -> list[dict[str, Any]] | None:
    stored = operating_points(results)
    if run.status not in Run.ENDED or (stored is not None and not given):
        return stored
    from runs.operating_points.recomputed_points import recomputed_points  # noqa: PLC0415

    exact = {rule: Fraction(str(number)) for rule, number in given.items()}
    threshold = next((result.threshold for result in results if result.split == "val"), None)
    found = recomputed_points(run, threshold, exact)
    return stored if found is None else described_points(found, given)
