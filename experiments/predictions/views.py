"""GET and POST /api/runs/<id>/predict/: what a run's model expects, and what it says of images, rows or data."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.urls import reverse
from msgspec import MsgspecError, to_builtins
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.request_user import logged_in
from audit.recording import record
from experiments.predictions import decision, expected_inputs, queued, request_inputs
from experiments.predictions.asking import answer_of
from experiments.predictions.model_view import ModelView
from experiments.predictions.turns import PREDICTIONS
from experiments.predictions.usable_models import usable_model
from experiments.training.model_source import ModelSource
from experiments.training.prediction.serving.messages import Predicted, Question
from runs import queries
from runs.api.heavy_requests import Kind
from runs.api.views import one_of
from runs.errors import Conflict
from runs.files import store
from runs.models import Run


class Predict(ModelView):
    """What a run's model expects, and predictions: at once, or in the queue."""

    http_method_names = ["get", "head", "post", "options"]
    body = request_inputs.PredictionBody
    body_cure = request_inputs.QUEUE_IT

    def kind_of_request(self) -> Kind | None:
        """Count predictions; the description is read at once, but where files may have to be fetched for it."""
        return PREDICTIONS if self.request.method == "POST" or store.in_use() else None

    def get(self, request: Request, run_id: int) -> Response:
        """Describe the model, what it expects, and how much is predicted at once."""
        run = one_of(queries.visible_runs(request.user), run_id)
        return Response(described_inputs(run, usable_model(run)))

    def post(self, request: Request, run_id: int) -> Response:
        """Predict files or rows (200), or queue the prediction of data (202)."""
        run = one_of(queries.visible_runs(request.user), run_id)
        if request_inputs.is_form(request):
            source = usable_model(run)
            return self._predicted(run, source, request_inputs.uploaded(request, source.kind))
        request_inputs.require_short(request, f"send them as a table file. {self.body_cure}")
        asked = request_inputs.asked_for(request)
        if request_inputs.SOURCE in asked:
            return self._queued(run, asked[request_inputs.SOURCE])
        source = usable_model(run)
        return self._predicted(run, source, request_inputs.rows_of(asked[request_inputs.ROWS], source.kind))

    def _predicted(self, run: Run, source: ModelSource, question: Question) -> Response:
        items = answer_of(run, self.request.user, source, question, Predicted).items
        failed = sum(item.problem is not None for item in items)
        record("model.predicted", target=run, items=len(items), problems=failed)
        return Response(described(run, source) | {"items": to_builtins(items)})

    def _queued(self, run: Run, source_path: str) -> Response:
        job = queued.enqueued(run, logged_in(self.request), source_path)
        address = self.request.build_absolute_uri(reverse("model-job", args=[job.pk]))
        page = self.request.build_absolute_uri(reverse("run-predict-page", args=[run.pk]))
        answer = {"job_id": job.pk, "run_id": run.pk, "status": job.status, "links": {"job": address, "page": page}}
        return Response(answer, status=202, headers={"Location": address})


def described(run: Run, source: ModelSource) -> dict[str, Any]:
    """Describe the model as every answer does."""
    return {
        "run_id": run.pk,
        "attempt": source.attempt,
        "model_sha256": source.sha256,
        "classes": source.classes,
        "positive": source.positive,
        "decision": decision.decision_of(source),
        "recalibration": decision.recalibration_of(run, source),
    }


def described_inputs(run: Run, source: ModelSource) -> dict[str, Any]:
    """Describe the model with what it expects, and how much is predicted at once. Raises Conflict."""
    limits = {"files": settings.PREDICT_FILES, "bytes": settings.PREDICT_BYTES, "rows": settings.PREDICT_ROWS}
    return described(run, source) | dict(_expected(source)) | {"limits": limits}


def _expected(source: ModelSource) -> Mapping[str, Any]:
    """Return what the model expects; raises Conflict where the run's files do not say so."""
    try:
        return expected_inputs.described(source)
    except (OSError, MsgspecError, csv.Error, KeyError, TypeError, UnicodeDecodeError) as error:
        raise Conflict(
            f"The files of run {source.run_id} that say how its inputs are read are missing or damaged "
            f"({type(error).__name__}); restore them from a back-up, or train it again."
        ) from error
