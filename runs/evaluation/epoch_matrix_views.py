"""GET …/epoch-matrices/: what each epoch's validation took for what."""

from __future__ import annotations

from django.utils.decorators import method_decorator
from django.views.decorators.gzip import gzip_page
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from runs.api.heavy_requests import STATISTICS
from runs.api.views import ReadingView, one_of
from runs.evaluation.epoch_matrices import epoch_matrices, matrix_of
from runs.listing.filters import Parameters

MOST_EPOCHS = 500


class MatrixParameters(Parameters):
    """How many epochs, or which one alone."""

    points = serializers.IntegerField(
        min_value=3, max_value=MOST_EPOCHS, default=200, help_text="At most so many epochs."
    )
    epoch = serializers.IntegerField(
        min_value=0, max_value=2**31 - 1, required=False, help_text="This epoch alone, from 0."
    )


@method_decorator(gzip_page, name="dispatch")
class EpochMatrices(ReadingView):
    """The validation matrices of all epochs, thinned, or that of one."""

    parameters = MatrixParameters
    heavy = STATISTICS

    def get(self, _request: Request, run_id: int) -> Response:
        """Return the matrices."""
        run = one_of(self.visible().only("dataset", "best_epoch"), run_id)  # at once: it may be deleted at any moment
        epoch = self.asked.get("epoch")
        if epoch is None:
            return Response(epoch_matrices(run, self.asked["points"]))
        return Response(matrix_of(run, epoch))
