"""POST /api/runs/<id>/…: stop a run in one of three ways, resume, move, copy or delete it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from django.contrib.auth.models import User
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.request_user import logged_in
from experiments.api import operations
from experiments.api.submission import accepted, key_of, submit
from experiments.training.contract.config import MAX_PRIORITY, MIN_PRIORITY
from experiments.training.contract.networks import network_catalogue
from experiments.training.contract.networks.network_spec import AUTO
from runs import queries
from runs.api.bodies import body_of
from runs.api.views import one_of
from runs.errors import InvalidRequest
from runs.events import time_or_null
from runs.listing.filters import Parameters
from runs.models import Run
from runs.queue import queue_position
from runs.scheduling import moves
from runs.scheduling.forecast import forecast
from runs.scheduling.queue_report import place_fields

OF_ONE_NETWORK = ("options", "width", "dropout")


class RunAction(APIView, ABC):
    """An endpoint that acts on a run: 404, 403 unless this user may do that, or 409 with the obstacle."""

    body: type[Parameters] | None = Parameters
    """The fields of the request's body, by default none; None: the action reads the body itself."""
    asked: Mapping[str, Any] = MappingProxyType({})

    def found(self, request: Request, run_id: int) -> Run:
        """Return the run; raises NotFound unless this user may see it."""
        return one_of(queries.visible_runs(request.user), run_id)

    def post(self, request: Request, run_id: int) -> Response:
        """Find the run and act on it."""
        run = self.found(request, run_id)
        user = logged_in(request)
        if self.body:
            self.asked = body_of(request, self.body)
        return self.act(run, user, request)

    @abstractmethod
    def act(self, run: Run, user: User, request: Request) -> Response:
        """Act through `operations`, which check that the user may do that."""


class CancelOptions(Parameters):
    """Whether to evaluate the best checkpoint first."""

    evaluate = serializers.BooleanField(default=False, help_text="Whether to evaluate the best epoch first.")


class Cancel(RunAction):
    """The endpoint that stops a run after the current batch, or with `evaluate` after evaluating."""

    body = CancelOptions

    def act(self, run: Run, user: User, request: Request) -> Response:  # noqa: ARG002
        """Request the stop, and return the run's state (202)."""
        operations.cancel(run, user, evaluate=self.asked["evaluate"])
        return Response(_state(run), status=202)


class Kill(RunAction):
    """The endpoint that ends the training's processes now."""

    def act(self, run: Run, user: User, request: Request) -> Response:  # noqa: ARG002
        """Request the kill, and return the run's state (202)."""
        operations.kill(run, user)
        return Response(_state(run), status=202)


class Finish(RunAction):
    """The endpoint that stops training after the current batch and ends the run as `completed`."""

    def act(self, run: Run, user: User, request: Request) -> Response:  # noqa: ARG002
        """Request the end, and return the run's state (202)."""
        operations.finish(run, user)
        return Response(_state(run), status=202)


class Resume(RunAction):
    """The endpoint that queues a failed or cancelled run again."""

    def act(self, run: Run, user: User, request: Request) -> Response:  # noqa: ARG002
        """Queue the run, and return its state (202)."""
        operations.resume(run, user)
        return Response(_state(run), status=202)


class PriorityOptions(Parameters):
    """The new priority."""

    priority = serializers.IntegerField(
        min_value=MIN_PRIORITY, max_value=MAX_PRIORITY, help_text="The highest is started first."
    )


class Priority(RunAction):
    """The endpoint that changes the urgency of a queued run."""

    body = PriorityOptions

    def act(self, run: Run, user: User, request: Request) -> Response:  # noqa: ARG002
        """Set the priority, and return the run's state and place (202)."""
        operations.prioritize(run, user, self.asked["priority"])
        state = _state(run)
        return Response(state | {"priority": run.priority, "queue_position": queue_position(run)}, status=202)


class MoveOptions(Parameters):
    """Where to move the run."""

    to = serializers.ChoiceField(choices=moves.DESTINATIONS, help_text="Where to, among the runs that wait.")


class Move(RunAction):
    """The endpoint that moves a queued run past its neighbours."""

    body = MoveOptions

    def act(self, run: Run, user: User, request: Request) -> Response:  # noqa: ARG002
        """Move the run, and return its state, priority and place (202)."""
        operations.move(run, user, self.asked["to"])
        return Response(_state(run) | {"priority": run.priority, **place_fields(forecast().of(run.pk))}, status=202)


class Retry(RunAction):
    """The endpoint that starts a run of the same configuration again, with a link to this one."""

    def act(self, run: Run, user: User, request: Request) -> Response:
        """Queue the new run, and return it as a training request does (202)."""
        return Response(accepted(operations.retry(run, user, key=key_of(request)), request), status=202)


class Clone(RunAction):
    """The endpoint that copies a run with changes, nested in the body as in a training request."""

    body = None

    def act(self, run: Run, user: User, request: Request) -> Response:
        """Queue the changed copy, and return it as a training request does (202)."""
        operations.require_right(run, user)
        if not isinstance(request.data, Mapping):
            raise InvalidRequest([{"field": "(body)", "message": "Must be a JSON object with what differs."}])
        changes = request.data
        copies = submit(request, changed(_base(run, user, changes), changes), origin=run)
        return Response(accepted(copies, request), status=202)


class Delete(RunAction):
    """The endpoint that hides an ended run from everybody; a queued one is cancelled first."""

    def act(self, run: Run, user: User, request: Request) -> Response:  # noqa: ARG002
        """Delete the run, and return its state."""
        operations.delete(run, user)
        return Response(_state(run) | {"deleted_at": time_or_null(run.deleted_at)})


class Restore(RunAction):
    """The endpoint that undoes a deletion."""

    def found(self, request: Request, run_id: int) -> Run:
        """Return a run that this user deleted or may see; raises NotFound for all others."""
        return queries.deleted_runs(request.user).filter(pk=run_id).first() or super().found(request, run_id)

    def act(self, run: Run, user: User, request: Request) -> Response:  # noqa: ARG002
        """Restore the run, and return its state."""
        detail = operations.restore(run, user).detail
        return Response(_state(run) | {"deleted_at": None, "detail": detail})


def changed(config: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return `config` with `changes` put over it, group by group; what is no group is replaced whole."""
    merged = dict(config)
    for name, value in changes.items():
        inner = merged.get(name)
        both = isinstance(inner, Mapping) and isinstance(value, Mapping)
        merged[name] = changed(inner, value) if both else value  # type: ignore[arg-type]  # both are mappings
    return merged


def _base(run: Run, user: User, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return the configuration under the changes, without what follows from an option that they change.

    That is a network's options, if they name one with others, and the direction of the number that decides.
    """
    copied = operations.copied(run, user)
    callbacks, asked = copied.get("callbacks", {}), changes.get("callbacks")
    if isinstance(asked, Mapping) and "monitor" in asked:
        copied = copied | {"callbacks": {name: value for name, value in callbacks.items() if name != "mode"}}
    model, other = copied.get("model", {}), changes.get("model")
    if not isinstance(other, Mapping) or not _has_other_options(model.get("name", AUTO), other.get("name")):
        return copied
    return copied | {"model": {name: value for name, value in model.items() if name not in OF_ONE_NETWORK}}


def _has_other_options(name: str, wanted: object) -> bool:
    known = {AUTO, *network_catalogue.networks()}
    if wanted not in known or name not in known:
        return wanted is not None and wanted != name
    return network_catalogue.options_of(str(wanted)) is not network_catalogue.options_of(name)


def _state(run: Run) -> dict[str, Any]:
    """Return the state that the action found or made; a later one is told by the run itself."""
    return {"run_id": run.pk, "status": run.status, "stop_request": run.stop_request or None, "reason": run.reason}
