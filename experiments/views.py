"""What can be trained, and POST /api/experiments/centralized/train: validate, launch, 202."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from pydantic import ValidationError
from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from experiments.launch import KeyReused, launch
from experiments.problems import explain
from experiments.training.config import TrainingConfig
from experiments.training.data.sources import SourceError
from experiments.training.models import catalogue
from runs.errors import InvalidRequest
from runs.models import Run

MAX_KEY_LENGTH = 200


class CentralizedTrainView(APIView):
    """Queues one training, or one per fold. 400 names every wrong field with its cure and queues nothing."""

    def post(self, request: Request) -> Response:
        try:
            config = TrainingConfig.model_validate(request.data)
            runs = launch(config, request.user, idempotency_key=_key_of(request))  # type: ignore[arg-type]  # logged in
        except ValidationError as error:
            raise InvalidRequest(explain(error)) from error
        except SourceError as error:
            raise InvalidRequest([{"field": error.field, "message": error.message}]) from error
        except KeyReused as error:
            raise Conflict(str(error)) from error
        return Response(_accepted(runs, request), status=202)


class ModelsView(APIView):
    """The networks that `model.name` may name, each with its options as a JSON schema."""

    def get(self, request: Request) -> Response:  # noqa: ARG002
        return Response({"models": [catalogue.describe(spec) for spec in catalogue.networks().values()]})


class Conflict(APIException):
    """409: the request contradicts an earlier one."""

    status_code = 409


def _key_of(request: Request) -> str | None:
    key = request.headers.get("Idempotency-Key") or None
    if key and len(key) > MAX_KEY_LENGTH:
        raise InvalidRequest([{"field": "Idempotency-Key", "message": f"Use at most {MAX_KEY_LENGTH} characters."}])
    return key


def _accepted(runs: list[Run], request: Request) -> dict[str, Any]:
    """`run_id` and `status` are those of the first run."""
    first = runs[0]
    return {
        "run_id": first.pk,
        "status": first.status,
        "run_ids": [run.pk for run in runs],
        "group_id": first.group_id,
        "links": _run_links(first.pk, request) | (_group_links(first.group_id, request) if first.group_id else {}),
    }


def _run_links(run_id: int, request: Request) -> dict[str, str]:
    scheme = "wss" if request.is_secure() else "ws"
    return {
        "run": request.build_absolute_uri(reverse("run-detail", args=[run_id])),
        "events": f"{scheme}://{request.get_host()}/ws/runs/{run_id}/",
        "page": request.build_absolute_uri(reverse("run-page", args=[run_id])),
    }


def _group_links(group_id: int, request: Request) -> dict[str, str]:
    return {
        "group": request.build_absolute_uri(reverse("group-detail", args=[group_id])),
        "group_page": request.build_absolute_uri(reverse("group-page", args=[group_id])),
    }
