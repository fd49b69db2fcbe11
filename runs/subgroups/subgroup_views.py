"""GET /api/runs/<run_id>/final-subgroups/: the final result told apart by groups of samples; as JSON, or as CSV."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from runs.api.csv_download import csv_download
from runs.api.views import StoreUnavailable
from runs.errors import InvalidRequest
from runs.evaluation.evaluation_views import EvaluationView, SplitParameters, ThresholdParameters
from runs.files.store import StoreError
from runs.models import FinalResult
from runs.saved_points.run_decision import decision_at
from runs.subgroups.subgroup_table import csv_of

OF_TWO, OF_MANY = ("auroc", "sensitivity", "specificity", "accuracy"), ("accuracy",)
LONGEST = 300  # characters of a column's name; longer ones cannot be asked for


class SubgroupParameters(SplitParameters, ThresholdParameters):
    """Which split; `by` is one column, all by default, and `second` another one for pairs of values."""

    by = serializers.CharField(
        max_length=LONGEST,
        required=False,
        help_text="Groups by this column; by default by each of those that the run kept.",
    )
    second = serializers.CharField(
        max_length=LONGEST, required=False, help_text="Another column: groups are pairs of values."
    )
    metric = serializers.ChoiceField(
        OF_TWO, required=False, help_text="What groups are compared by; of several classes accuracy alone."
    )
    file = serializers.ChoiceField(["csv"], required=False, help_text="csv: as a table.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse a second column without, or like, the first."""
        if "second" in attrs and attrs.get("by") in (None, attrs["second"]):
            raise serializers.ValidationError({"second": "Name two different columns, one in by and one here."})
        return attrs


class FinalSubgroups(EvaluationView):
    """The final result of each group of samples, and its difference from all others."""

    parameters = SubgroupParameters

    def get(self, _request: Request, run_id: int) -> Response | HttpResponse:
        """Return the groups."""
        result = self.result_of(run_id)
        told = self._told(result)
        if "file" not in self.asked or told["problem"] is not None:
            return Response(told)
        return csv_download(f"run-{run_id}-{result.split}-subgroups.csv", csv_of(told))

    def _told(self, result: FinalResult) -> dict[str, Any]:
        from runs.subgroups.run_subgroups import UnknownColumn, run_subgroups  # noqa: PLC0415

        columns = [self.asked[name] for name in ("by", "second") if name in self.asked]
        decision = decision_at(self.asked.get("threshold"), result.run, result)
        try:
            return run_subgroups(result, decision, columns, self._metric(result))
        except UnknownColumn as error:
            named = ", ".join(map(repr, error.known))
            field = "by" if error.column == self.asked.get("by") else "second"
            message = f"The run kept no column {error.column!r}; it has {named}."
            raise InvalidRequest(
                [{"field": field, "message": message}], cures={"possible": {field: error.known}}
            ) from None
        except StoreError as error:
            raise StoreUnavailable(str(error)) from error

    def _metric(self, result: FinalResult) -> Any:
        """Return what groups are compared by; raises InvalidRequest for what classes do not have."""
        known = OF_TWO if len(result.class_names) == 2 else OF_MANY
        metric = self.asked.get("metric", known[0])
        if metric not in known:
            message = f"A run of {len(result.class_names)} classes is compared by {', '.join(known)}; leave it out."
            raise InvalidRequest([{"field": "metric", "message": message}])
        return metric
