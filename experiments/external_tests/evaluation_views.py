"""GET …/curves/, samples/, subgroups/ and operating-points/ of an external test, in the shapes of a run's own."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.utils.decorators import method_decorator
from django.views.decorators.gzip import gzip_page
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from experiments.external_tests.descriptions import NAME
from experiments.external_tests.views import found
from experiments.models import ExternalTest
from runs import queries
from runs.api.csv_download import csv_download
from runs.api.heavy_requests import EXPORTS, STATISTICS, Kind
from runs.api.recorded_reading import record_reading
from runs.api.views import ReadingView
from runs.errors import InvalidRequest
from runs.evaluation.evaluation_views import CellParameters, CurveParameters, EvaluationParameters, PageParameters
from runs.listing.filters import Parameters
from runs.models import FinalResult
from runs.saved_points.run_decision import ASKED, HIGHEST, OWN, SAVED, Decision
from runs.subgroups.subgroup_table import csv_of
from runs.subgroups.subgroup_views import OF_MANY, OF_TWO, SubgroupParameters
from runs.wording.operating_point_text import described_points


def _split() -> serializers.ChoiceField:
    return serializers.ChoiceField([NAME], required=False, help_text="An external test has no other.")


class ExternalCurveParameters(CurveParameters):
    """For which class, with how many thresholds."""

    split = _split()


class ExternalPageParameters(PageParameters):
    """Which samples, and which page of them."""

    split = _split()


class ExternalCellParameters(CellParameters):
    """Which samples."""

    split = _split()


class ExternalSubgroupParameters(SubgroupParameters):
    """Which groups, compared by what."""

    split = _split()


class ExternalEvaluation(ReadingView):
    """The base of the views of one external test, seen like the evaluation of a split."""

    parameters: type[Parameters] = EvaluationParameters
    heavy: Kind | None = STATISTICS

    def test_of(self, request: Request, run_id: int, number: int) -> tuple[ExternalTest, FinalResult]:
        """Return the test, and the same as the result of a split; raises NotFound."""
        test = found(request, run_id, number)
        return test, as_result(test)

    def label_of(self, result: FinalResult) -> int:
        """Return the class that is asked for; raises InvalidRequest for one that the run does not have."""
        classes, two = len(result.class_names), len(result.class_names) == 2
        label: int = self.asked.get("label", 1 if two else 0)
        if two and label != 1:
            message = "Two classes are seen from the positive one, 1, alone; leave it out."
            raise InvalidRequest([{"field": "label", "message": message}])
        if label >= classes:
            raise InvalidRequest([{"field": "label", "message": f"There are {classes} classes: 0 to {classes - 1}."}])
        return label

    def decision_of(self, test: ExternalTest) -> Decision:
        """Return where is decided: at the threshold that is asked for, else at the point that was kept."""
        asked: float | None = self.asked.get("threshold")
        if asked is not None:
            return Decision(asked, None, ASKED)
        kept = test.kept
        if kept["threshold"] is None:
            return Decision(None, None, HIGHEST)
        return Decision(kept["threshold"], kept["log_odds"], OWN if kept["rule"] == OWN else SAVED)


def as_result(test: ExternalTest) -> FinalResult:
    """Return the test as the result of a split, which is not stored."""
    kept = test.kept
    return FinalResult(
        run=test.run,
        split=NAME,
        epoch=0,
        threshold=kept["threshold"],
        class_names=test.class_names,
        confusion_matrix=kept["confusion_matrix"],
        statistics=kept["statistics"],
        patients=test.patients,
        reliability=kept["reliability"],
        operating_points=kept["operating_points"],
        by_patient=kept["by_patient"],
    )


@method_decorator(gzip_page, name="dispatch")
class ExternalCurves(ExternalEvaluation):
    """ROC, precision-recall curve, decision curve, and what each threshold decides."""

    parameters = ExternalCurveParameters

    def get(self, request: Request, run_id: int, number: int) -> Response:
        """Return the curves; `problem` says why there are none."""
        from experiments.external_tests import scored_samples  # noqa: PLC0415

        test, result = self.test_of(request, run_id, number)
        return Response(scored_samples.curves(test, result, self.label_of(result), self.asked["points"]))


class ExternalSamples(ExternalEvaluation):
    """The samples behind a cell of the matrix, the most confident first."""

    parameters = ExternalPageParameters

    def get(self, request: Request, run_id: int, number: int) -> Response:
        """Return a page of them; there are no pictures."""
        from experiments.external_tests import scored_samples  # noqa: PLC0415

        test, result = self.test_of(request, run_id, number)
        label, decision = self.label_of(result), self.decision_of(test)
        told = scored_samples.page_of_cell(test, label, decision, dict(self.asked))
        record_reading(request, "run.samples_viewed", [test.run], split=f"{NAME} {number}")
        return Response(told)


class ExternalSamplesExport(ExternalEvaluation):
    """All samples behind a cell of the matrix as CSV, the most confident first."""

    parameters = ExternalCellParameters
    heavy = EXPORTS

    def get(self, request: Request, run_id: int, number: int) -> HttpResponse:
        """Return the file; 404 where there are no samples to list, with the reason."""
        from experiments.external_tests import scored_samples  # noqa: PLC0415

        test, result = self.test_of(request, run_id, number)
        cell = self.asked["cell"]
        text = scored_samples.table_of_cell(test, self.label_of(result), self.decision_of(test), cell)
        record_reading(request, "samples.exported", [test.run], split=f"{NAME} {number}", cell=cell)
        return csv_download(f"run-{run_id}-external-{number}-{cell}.csv", text)


class ExternalSubgroups(ExternalEvaluation):
    """The result of each group of samples, such as each site, and its difference from all others."""

    parameters = ExternalSubgroupParameters

    def get(self, request: Request, run_id: int, number: int) -> Response | HttpResponse:
        """Return the groups; `problem` says why there are none."""
        test, result = self.test_of(request, run_id, number)
        told = self._told(test, result)
        if "file" not in self.asked or told["problem"] is not None:
            return Response(told)
        return csv_download(f"run-{run_id}-external-{number}-subgroups.csv", csv_of(told))

    def _told(self, test: ExternalTest, result: FinalResult) -> dict[str, Any]:
        from experiments.external_tests import groups  # noqa: PLC0415

        known = OF_TWO if len(result.class_names) == 2 else OF_MANY
        metric = self.asked.get("metric", known[0])
        if metric not in known:
            message = f"{len(result.class_names)} classes are compared by {', '.join(known)}; leave it out."
            raise InvalidRequest([{"field": "metric", "message": message}])
        kept = (test.details["groups"] or {}).get("kept", [])
        columns = [self.asked[name] for name in ("by", "second") if name in self.asked]
        for column in columns:
            if column not in kept:
                message = f"The test kept no column {column!r}; it has {', '.join(map(repr, kept)) or 'none'}."
                raise InvalidRequest(
                    [{"field": "by" if column == self.asked.get("by") else "second", "message": message}]
                )
        return groups.groups_of(test, columns, self.decision_of(test), metric, kept=kept)


class ExternalOperatingPoints(ExternalEvaluation):
    """The run's operating points, chosen on validation, and what they give on the other data."""

    def get(self, request: Request, run_id: int, number: int) -> Response:
        """Return the points of validation, test and external test, joined by rule; null with more than two classes."""
        test = found(request, run_id, number)
        by_split = {result.split: result.operating_points for result in queries.final_results(run_id)}
        points = described_points(by_split | {NAME: test.kept["operating_points"]})
        return Response({"run_id": run_id, "number": number, "points": points})
