"""GET /api/runs/<run_id>/operating-points/: thresholds chosen on validation, and what they give on each split."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from runs import queries
from runs.api.views import ReadingView, StoreUnavailable
from runs.files.store import StoreError
from runs.listing.filters import Parameters
from runs.models import FinalResult, Run
from runs.serializers import operating_points, positive_class
from runs.wording.operating_point_text import described_points


class PointParameters(Parameters):
    """What a missed positive costs, in false alarms."""

    cost_ratio = serializers.FloatField(min_value=0.001, max_value=1000, required=False)

    def validate_cost_ratio(self, ratio: float) -> float:
        """Refuse what is no number, which compares with nothing."""
        if math.isnan(ratio):
            raise serializers.ValidationError("Write a number from 0.001 to 1000.")
        return ratio


class RunOperatingPoints(ReadingView):
    """The operating points of the best checkpoint; `points` is null where there are none, and with many classes."""

    parameters = PointParameters

    def get(self, _request: Request, run_id: int) -> Response:
        """Return the stored points; those of an older run, and one for costs, from its predictions."""
        run = self.visible().filter(pk=run_id).first()
        if run is None:
            raise NotFound(f"Run {run_id} does not exist.")
        results = queries.final_results(run.pk)
        positive = positive_class(results[0].class_names) if results else None
        try:
            points = _points(run, results, self.asked.get("cost_ratio")) if positive is not None else None
        except StoreError as error:
            raise StoreUnavailable(str(error)) from error
        return Response({"run_id": run.pk, "status": run.status, "positive_class": positive, "points": points})


def _points(run: Run, results: Sequence[FinalResult], cost_ratio: float | None) -> list[dict[str, Any]] | None:
    stored = operating_points(results)
    if run.status not in Run.ENDED or (stored is not None and cost_ratio is None):
        return stored
    from runs.operating_points.recomputed_points import recomputed_points  # noqa: PLC0415

    ratio = None if cost_ratio is None else Fraction(str(cost_ratio))
    threshold = next((result.threshold for result in results if result.split == "val"), None)
    found = recomputed_points(run, threshold, ratio)
    return stored if found is None else described_points(found, cost_ratio)
