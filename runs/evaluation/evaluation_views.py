"""GET …/final-curves/ and …/final-samples/: the curves of a final evaluation, and the samples behind its matrix."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from django.http import HttpResponse
from django.utils.decorators import method_decorator
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import conditional_page
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from runs.api.csv_download import csv_download
from runs.api.heavy_requests import EXPORTS, STATISTICS, Kind
from runs.api.recorded_reading import record_reading
from runs.api.views import ReadingView, StoreUnavailable
from runs.errors import InvalidRequest
from runs.files.store import StoreError
from runs.listing.filters import Parameters
from runs.models import FinalResult, Run

MOST_POINTS = 100_000
MOST_ON_A_PAGE = 100


class SplitParameters(Parameters):
    """Of which split."""

    split = serializers.ChoiceField(
        ["test", "val"], required=False, help_text="By default test, where it was evaluated, else val."
    )


class ThresholdParameters(Parameters):
    """At which threshold."""

    threshold = serializers.FloatField(
        required=False, help_text="Which score is called positive; by default where the run decides."
    )

    def validate_threshold(self, threshold: float) -> float:
        """Refuse what is no finite number."""
        if not math.isfinite(threshold):
            raise serializers.ValidationError("Write a number, such as 0.5.")
        return threshold


class EvaluationParameters(SplitParameters):
    """Which evaluation: of which split, for which class."""

    label = serializers.IntegerField(
        min_value=0,
        required=False,
        help_text="Which class, by its number, against the rest; by default the positive one of two, else 0.",
    )  # type: ignore[assignment]  # DRF takes it out again


class CurveParameters(EvaluationParameters):
    """With how many thresholds to choose from."""

    points = serializers.IntegerField(
        min_value=2, max_value=MOST_POINTS, default=500, help_text="At most so many thresholds."
    )


class CellParameters(EvaluationParameters, ThresholdParameters):
    """Which cell of the matrix, or all `errors`, at which threshold, by default the run's."""

    cell = serializers.ChoiceField(
        ["tn", "fp", "fn", "tp", "errors"], help_text="Which cell of the matrix, or all errors."
    )


class PageParameters(CellParameters):
    """Which page of the samples, from 1; with `thumbnails`, the pictures that the run keeps come with them."""

    page = serializers.IntegerField(min_value=1, max_value=MOST_POINTS, default=1, help_text="Which page, from 1.")
    page_size = serializers.IntegerField(
        min_value=1, max_value=MOST_ON_A_PAGE, default=50, help_text="Samples on a page."
    )
    thumbnails = serializers.BooleanField(
        default=False, help_text="Whether the pictures that the run keeps come with the samples."
    )


class EvaluationView(ReadingView):
    """Base of the views of the best checkpoint's evaluation over one split, the test split where there is one."""

    parameters: type[Parameters] = EvaluationParameters
    heavy: Kind | None = STATISTICS

    def answer(self, run_id: int, build: Callable[[Run, FinalResult, int], dict[str, Any]]) -> Response:
        """Respond with what `build` makes of the evaluation; raises NotFound, and 503 when the object store fails."""
        result = self.result_of(run_id)
        try:
            return Response(build(result.run, result, self.label_of(result)))
        except StoreError as error:
            raise StoreUnavailable(str(error)) from error

    def result_of(self, run_id: int) -> FinalResult:
        """Read the evaluation that is asked for; raises NotFound also for a run that the user may not see."""
        found = FinalResult.objects.filter(run_id=self.head_of(run_id).id).select_related("run")
        results = {result.split: result for result in found}
        split = self.asked.get("split") or ("test" if "test" in results else "val")
        if split not in results:
            raise NotFound(f"Run {run_id} has no final evaluation of its {split} split.")
        return results[split]

    def label_of(self, result: FinalResult) -> int:
        """Return the class that is asked for; raises InvalidRequest for one that the run does not have."""
        classes, two = len(result.class_names), len(result.class_names) == 2
        label: int = self.asked.get("label", 1 if two else 0)
        if two and label != 1:
            message = "A run of two classes is seen from its positive class, 1, alone; leave it out."
            raise InvalidRequest([{"field": "label", "message": message}])
        if label >= classes:
            raise InvalidRequest([{"field": "label", "message": f"The run has {classes} classes: 0 to {classes - 1}."}])
        return label


@method_decorator(gzip_page, name="dispatch")
class FinalCurves(EvaluationView):
    """ROC, precision-recall curve, and what each threshold decides."""

    parameters = CurveParameters

    def get(self, _request: Request, run_id: int) -> Response:
        """Return the curves."""
        from runs.evaluation.final_curves import final_curves  # noqa: PLC0415

        points = self.asked["points"]
        return self.answer(run_id, lambda run, result, label: final_curves(run, result, label, points))


@method_decorator(conditional_page, name="dispatch")
class FinalSamples(EvaluationView):
    """The samples behind a cell of the matrix, the most confident first."""

    parameters = PageParameters

    def get(self, request: Request, run_id: int) -> Response:
        """Return a page of them."""
        from runs.evaluation.cell_samples import samples_of_cell  # noqa: PLC0415

        def build(run: Run, result: FinalResult, label: int) -> dict[str, Any]:
            found = samples_of_cell(run, result, label, self.asked)
            record_reading(request, "run.samples_viewed", [run], split=result.split)
            return found

        return self.answer(run_id, build)


class FinalSamplesExport(EvaluationView):
    """All samples behind a cell of the matrix as CSV, the most confident first."""

    parameters = CellParameters
    heavy = EXPORTS

    def get(self, request: Request, run_id: int) -> HttpResponse:
        """Return the file; 404 where there are no samples to list, with the reason."""
        from runs.evaluation.cell_samples import exported  # noqa: PLC0415
        from runs.evaluation.class_scores import NoScores  # noqa: PLC0415

        result = self.result_of(run_id)
        try:
            text = exported(result.run, result, self.label_of(result), self.asked)
        except NoScores as error:
            raise NotFound(str(error)) from error
        except StoreError as error:
            raise StoreUnavailable(str(error)) from error
        record_reading(request, "samples.exported", [result.run], split=result.split, cell=self.asked["cell"])
        return csv_download(f"run-{run_id}-{result.split}-{self.asked['cell']}.csv", text)
