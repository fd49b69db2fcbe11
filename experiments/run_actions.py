"""POST /api/runs/<id>/…: stop a run in one of three ways, let it go on, move it in the queue, copy it, delete it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

from django.contrib.auth.models import User
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from experiments import operations
from experiments.submission import accepted, key_of, submit
from experiments.training.config import MAX_PRIORITY, MIN_PRIORITY
from experiments.training.models import catalogue
from experiments.training.models.network_spec import AUTO
from runs import moves, queries
from runs.errors import InvalidRequest
from runs.events import time_or_null
from runs.forecast import forecast
from runs.models import Run
from runs.queue import queue_position
from runs.queue_report import place_fields

OF_ONE_NETWORK = ("options", "width", "dropout")


class RunAction(APIView, ABC):
    """Finds the run and acts. 404, 403 unless this user may do that, or 409 with what is in the way."""

    def found(self, request: Request, run_id: int) -> Run | None:
        return queries.visible_runs(request.user).filter(pk=run_id).first()

    def post(self, request: Request, run_id: int) -> Response:
        run = self.found(request, run_id)
        if run is None:
            raise NotFound(f"Run {run_id} does not exist.")
        user: User = request.user  # type: ignore[assignment]  # logged in
        return self.act(run, user, request)

    @abstractmethod
    def act(self, run: Run, user: User, request: Request) -> Response:
        """By `operations`, which check that the user may do that."""


class CancelOptions(serializers.Serializer[Any]):
    evaluate = serializers.BooleanField(default=False)


class Cancel(RunAction):
    """Stop after the current batch, or with `evaluate` after evaluating the best checkpoint."""

    def act(self, run: Run, user: User, request: Request) -> Response:
        options = CancelOptions(data=request.data)
        options.is_valid(raise_exception=True)
        operations.cancel(run, user, evaluate=options.validated_data["evaluate"])
        return Response(_state(run), status=202)


class Kill(RunAction):
    """End the training's processes now."""

    def act(self, run: Run, user: User, request: Request) -> Response:  # noqa: ARG002
        operations.kill(run, user)
        return Response(_state(run), status=202)


class Finish(RunAction):
    """Stop training after the current batch, and end as `completed`."""

    def act(self, run: Run, user: User, request: Request) -> Response:  # noqa: ARG002
        operations.finish(run, user)
        return Response(_state(run), status=202)


class Resume(RunAction):
    """Queue a failed or cancelled run again."""

    def act(self, run: Run, user: User, request: Request) -> Response:  # noqa: ARG002
        operations.resume(run, user)
        return Response(_state(run), status=202)


class PriorityOptions(serializers.Serializer[Any]):
    priority = serializers.IntegerField(min_value=MIN_PRIORITY, max_value=MAX_PRIORITY)


class Priority(RunAction):
    """Give a queued run another urgency."""

    def act(self, run: Run, user: User, request: Request) -> Response:
        options = PriorityOptions(data=request.data)
        options.is_valid(raise_exception=True)
        operations.prioritize(run, user, options.validated_data["priority"])
        state = _state(run)
        return Response(state | {"priority": run.priority, "queue_position": queue_position(run)}, status=202)


class MoveOptions(serializers.Serializer[Any]):
    to = serializers.ChoiceField(choices=moves.DESTINATIONS)


class Move(RunAction):
    """Move a queued run past its neighbours."""

    def act(self, run: Run, user: User, request: Request) -> Response:
        options = MoveOptions(data=request.data)
        options.is_valid(raise_exception=True)
        operations.move(run, user, options.validated_data["to"])
        return Response(_state(run) | {"priority": run.priority, **place_fields(forecast().of(run.pk))}, status=202)


class Retry(RunAction):
    """A new run of the same configuration, from the beginning, with a link to this one."""

    def act(self, run: Run, user: User, request: Request) -> Response:
        return Response(accepted(operations.retry(run, user, key=key_of(request)), request), status=202)


class Clone(RunAction):
    """A new run of this configuration with changes: the body holds what differs, nested as in a training request."""

    def act(self, run: Run, user: User, request: Request) -> Response:
        operations.require_right(run, user)
        if not isinstance(request.data, Mapping):
            raise InvalidRequest([{"field": "(body)", "message": "Must be a JSON object with what differs."}])
        changes = request.data
        copies = submit(request, changed(_base(run, user, changes), changes), origin=run)
        return Response(accepted(copies, request), status=202)


class Delete(RunAction):
    """Hide an ended run from everybody; a queued one is cancelled first."""

    def act(self, run: Run, user: User, request: Request) -> Response:  # noqa: ARG002
        operations.delete(run, user)
        return Response(_state(run) | {"deleted_at": time_or_null(run.deleted_at)})


class Restore(RunAction):
    """Undo a deletion."""

    def found(self, request: Request, run_id: int) -> Run | None:
        deleted, visible = queries.deleted_runs(request.user), queries.visible_runs(request.user)
        return deleted.filter(pk=run_id).first() or visible.filter(pk=run_id).first()

    def act(self, run: Run, user: User, request: Request) -> Response:  # noqa: ARG002
        detail = operations.restore(run, user).detail
        return Response(_state(run) | {"deleted_at": None, "detail": detail})


def changed(config: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """`config` with `changes` put over it, group by group; what is no group is replaced whole."""
    merged = dict(config)
    for name, value in changes.items():
        inner = merged.get(name)
        both = isinstance(inner, Mapping) and isinstance(value, Mapping)
        merged[name] = changed(inner, value) if both else value  # type: ignore[arg-type]  # both are mappings
    return merged


def _base(run: Run, user: User, changes: Mapping[str, Any]) -> dict[str, Any]:
    """What the changes are put over: without the options of a network, where they name one that has others."""
    copied = operations.copied(run, user)
    model, other = copied.get("model", {}), changes.get("model")
    if not isinstance(other, Mapping) or not _has_other_options(model.get("name", AUTO), other.get("name")):
        return copied
    return copied | {"model": {name: value for name, value in model.items() if name not in OF_ONE_NETWORK}}


def _has_other_options(name: str, wanted: object) -> bool:
    known = {AUTO, *catalogue.networks()}
    if wanted not in known or name not in known:
        return wanted is not None and wanted != name
    return catalogue.options_of(str(wanted)) is not catalogue.options_of(name)


def _state(run: Run) -> dict[str, Any]:
    run.refresh_from_db()
    return {"run_id": run.pk, "status": run.status, "stop_request": run.stop_request or None, "reason": run.reason}
