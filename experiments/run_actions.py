"""POST /api/runs/<id>/…: stop a run in one of three ways, let it go on, move it in the queue, copy it, delete it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import NotFound, PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from experiments.launch import announce
from experiments.submission import Conflict, accepted, submit
from experiments.training.config import MAX_PRIORITY, MIN_PRIORITY
from experiments.training.models import catalogue
from experiments.training.models.spec import AUTO
from runs import deletion, lifecycle, moves, queries
from runs.errors import InvalidRequest
from runs.events import time_or_null
from runs.forecast import forecast
from runs.models import Run
from runs.queue import queue_position
from runs.queue_report import standing_of
from runs.tags import tags_of

StopRequest = Run.StopRequest
OF_ONE_NETWORK = ("options", "width", "dropout")


class RunAction(APIView, ABC):
    """Finds the run, checks that this user may do it, and acts. 404, 403, or 409 with what is in the way."""

    def found(self, request: Request, run_id: int) -> Run | None:
        return queries.visible_runs(request.user).filter(pk=run_id).first()

    def post(self, request: Request, run_id: int) -> Response:
        run = self.found(request, run_id)
        if run is None:
            raise NotFound(f"Run {run_id} does not exist.")
        if not queries.may_change(request.user, run.owner_id):
            raise PermissionDenied(f"Run {run_id} belongs to {run.owner}; only its owner and staff may do that.")
        return self.act(run, request)

    @abstractmethod
    def act(self, run: Run, request: Request) -> Response:
        """Raises Conflict with what is in the way."""


class CancelOptions(serializers.Serializer[Any]):
    evaluate = serializers.BooleanField(default=False)


class Cancel(RunAction):
    """Stop after the current batch and end as `cancelled`; with `evaluate`, after evaluating the best checkpoint."""

    def act(self, run: Run, request: Request) -> Response:
        options = CancelOptions(data=request.data)
        options.is_valid(raise_exception=True)
        how = StopRequest.EVALUATE if options.validated_data["evaluate"] else StopRequest.CANCEL
        return _stopping(run, lifecycle.cancel(run.pk, f"Cancelled by {request.user}.", how))


class Kill(RunAction):
    """End the training's processes now, without waiting for a batch, and end as `cancelled`."""

    def act(self, run: Run, request: Request) -> Response:
        return _stopping(run, lifecycle.cancel(run.pk, f"Killed by {request.user}.", StopRequest.KILL))


class Finish(RunAction):
    """Stop training after the current batch, evaluate the best checkpoint, and end as `completed`."""

    def act(self, run: Run, request: Request) -> Response:
        if run.status == Run.Status.QUEUED:
            raise Conflict(f"Run {run.pk} is queued: there is nothing to finish yet. Cancel it instead.")
        return _stopping(run, lifecycle.finish_early(run.pk, f"Finished early by {request.user}."))


class Resume(RunAction):
    """Queue a failed or cancelled run again; it goes on from its last complete epoch as its next attempt."""

    def act(self, run: Run, request: Request) -> Response:
        if not run.last_checkpoint:
            raise Conflict(f"Run {run.pk} has no complete epoch to go on from. Retry it instead.")
        if run.replaced:
            raise Conflict(f"Run {run.pk} was retried, and the retry has its place in the group. Clone it instead.")
        if not lifecycle.resume(run.pk, f"Resumed by {request.user}."):
            raise Conflict(f"Run {run.pk} is {_status(run)}: only failed and cancelled runs can be resumed.")
        announce(run.pk)
        return Response(_state(run), status=202)


class PriorityOptions(serializers.Serializer[Any]):
    priority = serializers.IntegerField(min_value=MIN_PRIORITY, max_value=MAX_PRIORITY)


class Priority(RunAction):
    """Move a queued run within the queue. Its owner may let others go first; only staff may move it forward."""

    def act(self, run: Run, request: Request) -> Response:
        options = PriorityOptions(data=request.data)
        options.is_valid(raise_exception=True)
        asked = options.validated_data["priority"]
        if asked > run.priority and not request.user.is_staff:
            raise PermissionDenied(f"Run {run.pk} has priority {run.priority}; only staff may raise it.")
        if not lifecycle.prioritize(run.pk, asked):
            run.refresh_from_db()
            raise Conflict(f"Run {run.pk} is {_status(run)}: only queued runs have a place in the queue.")
        announce(run.pk)
        run.refresh_from_db()
        return Response(_state(run) | {"priority": run.priority, "queue_position": queue_position(run)}, status=202)


class MoveOptions(serializers.Serializer[Any]):
    to = serializers.ChoiceField(choices=moves.WHITHERS)


class Move(RunAction):
    """Move a queued run past its neighbours; owners overtake their own runs alone, staff everybody's."""

    def act(self, run: Run, request: Request) -> Response:
        options = MoveOptions(data=request.data)
        options.is_valid(raise_exception=True)
        try:
            moved = moves.move(run.pk, options.validated_data["to"], may_overtake=request.user.is_staff)
        except moves.NotAllowed as error:
            raise PermissionDenied(str(error)) from error
        if not moved:
            run.refresh_from_db()
            raise Conflict(f"Run {run.pk} is {_status(run)}: only queued runs have a place in the queue.")
        announce(run.pk)
        return Response(_state(run) | {"priority": run.priority, **standing_of(forecast().of(run.pk))}, status=202)


class Retry(RunAction):
    """A new run of the same configuration, from the beginning, with a link to this one.

    That of a fold that failed or was cancelled takes its place in the group.
    """

    def act(self, run: Run, request: Request) -> Response:
        if run.status not in Run.ENDED:
            raise Conflict(f"Run {run.pk} is {_status(run)}: retry it when it has ended, or clone it.")
        copies = submit(request, _copied(run, request), origin=run, in_its_place=True)
        return Response(accepted(copies, request), status=202)


class Clone(RunAction):
    """A new run of this configuration with changes: the body holds what differs, nested as in a training request."""

    def act(self, run: Run, request: Request) -> Response:
        if not isinstance(request.data, Mapping):
            raise InvalidRequest([{"field": "(body)", "message": "Must be a JSON object with what differs."}])
        changes = request.data
        return Response(
            accepted(submit(request, changed(_base(run, request, changes), changes), origin=run), request), status=202
        )


class Delete(RunAction):
    """Hide an ended run from everybody; a queued one is cancelled first. It can be restored for some days."""

    def act(self, run: Run, request: Request) -> Response:
        try:
            deletion.delete(run.pk, request.user)  # type: ignore[arg-type]  # logged in
        except deletion.NotPossible as error:
            raise Conflict(str(error)) from error
        announce(run.pk)
        return Response(_state(run) | {"deleted_at": time_or_null(run.deleted_at)})


class Restore(RunAction):
    """Undo a deletion."""

    def found(self, request: Request, run_id: int) -> Run | None:
        deleted, visible = queries.deleted_runs(request.user), queries.visible_runs(request.user)
        return deleted.filter(pk=run_id).first() or visible.filter(pk=run_id).first()

    def act(self, run: Run, request: Request) -> Response:  # noqa: ARG002
        try:
            detail = deletion.restore(run.pk)
        except deletion.NotPossible as error:
            raise Conflict(str(error)) from error
        announce(run.pk)
        return Response(_state(run) | {"deleted_at": None, "detail": detail})


def changed(config: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """`config` with `changes` put over it, group by group; what is no group is replaced whole."""
    merged = dict(config)
    for name, value in changes.items():
        inner = merged.get(name)
        both = isinstance(inner, Mapping) and isinstance(value, Mapping)
        merged[name] = changed(inner, value) if both else value  # type: ignore[arg-type]  # both are mappings
    return merged


def _base(run: Run, request: Request, changes: Mapping[str, Any]) -> dict[str, Any]:
    """What the changes are put over: without the options of a network, where they name one that has others."""
    copied = _copied(run, request)
    model, other = copied.get("model", {}), changes.get("model")
    if not isinstance(other, Mapping) or not _has_other_options(model.get("name", AUTO), other.get("name")):
        return copied
    return copied | {"model": {name: value for name, value in model.items() if name not in OF_ONE_NETWORK}}


def _has_other_options(name: str, wanted: object) -> bool:
    known = {AUTO, *catalogue.networks()}
    if wanted not in known or name not in known:
        return wanted is not None and wanted != name
    return catalogue.options_of(str(wanted)) is not catalogue.options_of(name)


def _copied(run: Run, request: Request) -> dict[str, Any]:
    """The request that a copy starts from: tagged as the run is now, as urgent as far as this user may ask for that."""
    priority = run.priority if request.user.is_staff else min(0, run.priority)
    return {**run.config, "tags": tags_of(run.pk), "priority": priority}


def _stopping(run: Run, asked: bool) -> Response:
    if not asked:
        run.refresh_from_db()
        raise Conflict(f"Run {run.pk} is {_status(run)}: there is nothing to stop.")
    announce(run.pk)
    return Response(_state(run), status=202)


def _state(run: Run) -> dict[str, Any]:
    run.refresh_from_db()
    return {"run_id": run.pk, "status": run.status, "stop_request": run.stop_request or None, "reason": run.reason}


def _status(run: Run) -> str:
    return run.status.replace("_", " ")
