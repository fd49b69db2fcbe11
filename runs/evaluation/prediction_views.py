"""GET /api/runs/<run_id>/predictions/: what a run predicted, as CSV, with the decision and recalibrated scores."""

from __future__ import annotations

from django.http import HttpResponseBase
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request

from runs import queries
from runs.api.csv_download import Pieces, csv_stream
from runs.api.heavy_requests import EXPORTS
from runs.api.recorded_reading import record_reading
from runs.api.views import ReadingView, StoreUnavailable, one_of
from runs.errors import Conflict
from runs.files.store import StoreError
from runs.listing.filters import Parameters
from runs.models import Run
from runs.saved_points import point_history


class PredictionParameters(Parameters):
    """Of which split; by default of all that were evaluated."""

    split = serializers.ChoiceField(["test", "val"], required=False, help_text="By default all that were evaluated.")


class RunPredictions(ReadingView):
    """The predictions of the best checkpoint, streamed as an attachment."""

    parameters = PredictionParameters
    heavy = EXPORTS

    def get(self, request: Request, run_id: int) -> HttpResponseBase:
        """Stream the table; 404 without one, 409 while the run goes on, 503 when the object store fails."""
        run = one_of(self.visible(), run_id)
        if run.status not in Run.ENDED:
            status = run.status.replace("_", " ")
            raise Conflict(f"Run {run_id} is {status}: its predictions are there when it has ended.")
        try:
            pieces = self._pieces(run)
        except StoreError as error:
            raise StoreUnavailable(str(error)) from error
        record_reading(request, "predictions.downloaded", [run], split=self.asked.get("split"))
        return csv_stream(f"run-{run.pk}-predictions.csv", pieces)

    def _pieces(self, run: Run) -> Pieces:
        """Begin the table, so that what is wrong with the file is told before the answer begins."""
        from runs.evaluation.prediction_rows import added, csv_pieces  # noqa: PLC0415
        from runs.files.predictions_file import UnreadablePredictions  # noqa: PLC0415

        results = queries.final_results(run.pk)
        if not results:
            raise NotFound(f"Run {run.pk} has no final evaluation, so it predicted nothing.")
        more = added(run, results[0].class_names, results[0].threshold, point_history.current(run))
        pieces = csv_pieces(run, self.asked.get("split"), more)
        try:
            return Pieces(next(pieces, b""), pieces)
        except FileNotFoundError as error:
            raise NotFound(f"Run {run.pk} has no predictions.parquet.") from error
        except (UnreadablePredictions, KeyError) as error:
            raise NotFound(f"predictions.parquet of run {run.pk} cannot be read.") from error
