"""POST /api/experiments/centralized/train: validate, launch, 202."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from pydantic import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from experiments.launch import KeyReused, launch
from experiments.problems import explain
from experiments.training.config import TrainingConfig
from experiments.training.data.sources import SourceError
from runs.models import Run

MAX_KEY_LENGTH = 200


class CentralizedTrainView(APIView):
    """Queues one training. 400 names every wrong field with its cure and queues nothing."""

    def post(self, request: Request) -> Response:
        key = request.headers.get("Idempotency-Key") or None
        if key and len(key) > MAX_KEY_LENGTH:
            return _refuse([{"field": "Idempotency-Key", "message": f"At most {MAX_KEY_LENGTH} characters."}])
        try:
            config = TrainingConfig.model_validate(request.data)
            run = launch(config, request.user, idempotency_key=key)  # type: ignore[arg-type]  # IsAuthenticated
        except ValidationError as error:
            return _refuse(explain(error))
        except SourceError as error:
            return _refuse([{"field": error.field, "message": error.message}])
        except KeyReused as error:
            return _refuse([{"field": "Idempotency-Key", "message": str(error)}], status=409)
        return Response(_accepted(run, request), status=202)


def _accepted(run: Run, request: Request) -> dict[str, Any]:
    scheme = "wss" if request.is_secure() else "ws"
    return {
        "run_id": run.pk,
        "status": run.status,
        "links": {
            "run": request.build_absolute_uri(reverse("run-detail", args=[run.pk])),
            "events": f"{scheme}://{request.get_host()}/ws/runs/{run.pk}/",
            "page": request.build_absolute_uri(reverse("run-page", args=[run.pk])),
        },
    }


def _refuse(errors: list[dict[str, str]], status: int = 400) -> Response:
    count = f"{len(errors)} error" + ("s" if len(errors) > 1 else "")
    return Response({"detail": f"{count}; nothing was started.", "errors": errors}, status=status)
