"""Carries out what a user may do to a run: stop it in one of three ways, resume, move, retry or delete it.

The API and the admin both use these functions. Each raises PermissionDenied, or Conflict with the obstacle, and
announces the change to watching browsers. `run` then has the state in which the change left it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from rest_framework.exceptions import PermissionDenied

from access.decisions import access_of
from audit.recording import record
from experiments.api.submission import queue
from experiments.launch import announce
from realtime.hubs import broadcast
from runs import lifecycle, queries
from runs.describing import descriptions
from runs.errors import Conflict
from runs.models import Run
from runs.projects.refusals import why_not
from runs.quotas.room import Files, files_of, require_room_for_runs
from runs.removal import deletion
from runs.scheduling import moves
from runs.scheduling.moves import Destination
from runs.tagging.tags import tags_of

StopRequest = Run.StopRequest
STATE = ("status", "stop_request", "reason", "priority", "queued_at", "deleted_at")
"""What these functions change of a run."""
BEHIND_ANOTHER = "The run before it is not yours; only staff may move run {} past it."


def cancel(run: Run, user: User, *, evaluate: bool = False) -> None:
    """Stop after the current batch and end as `cancelled`; with `evaluate`, after evaluating the best checkpoint."""
    require_right(run, user)
    how = StopRequest.EVALUATE if evaluate else StopRequest.CANCEL
    asked = _recorded(
        "run.cancelled", run, lambda: lifecycle.cancel(run.pk, f"Cancelled by {user}.", how), evaluate=evaluate
    )
    _stopping(run, asked)


def kill(run: Run, user: User) -> None:
    """End the training's processes now, without waiting for a batch, and end as `cancelled`."""
    require_right(run, user)
    asked = _recorded("run.killed", run, lambda: lifecycle.cancel(run.pk, f"Killed by {user}.", StopRequest.KILL))
    _stopping(run, asked)


def finish(run: Run, user: User) -> None:
    """Stop training after the current batch, evaluate the best checkpoint, and end as `completed`."""
    require_right(run, user)
    if run.status == Run.Status.QUEUED:
        raise Conflict(f"Run {run.pk} is queued: there is nothing to finish yet. Cancel it instead.")
    asked = _recorded("run.finished", run, lambda: lifecycle.request_finish(run.pk, f"Finished early by {user}."))
    _stopping(run, asked)


def resume(run: Run, user: User) -> None:
    """Queue a failed or cancelled run again; its next attempt continues from its last complete epoch."""
    require_right(run, user)
    if not run.last_checkpoint:
        raise Conflict(f"Run {run.pk} has no complete epoch to resume from. Run it again instead.")
    if run.replaced:
        raise Conflict(
            f"Run {run.pk} was run again, and the new run has its place in the group. Change and run it again instead."
        )
    files = files_of(run.project_id)
    if not _recorded("run.resumed", run, lambda: _resumed(run, user, files)):
        raise Conflict(f"Run {run.pk} is {_status(run)}: only failed and cancelled runs can be resumed.")
    announce(run.pk)


def _resumed(run: Run, user: User, files: Files) -> bool:
    """Queue the run again, where its project has room for one more; raises QuotaExceeded."""
    if run.status in Run.RESUMABLE:
        require_room_for_runs(run.project_id, 1, files)
    return lifecycle.resume(run.pk, f"Resumed by {user}.")


def prioritize(run: Run, user: User, priority: int) -> None:
    """Set the urgency of a queued run: its owner may lower it, and only staff may raise it."""
    require_right(run, user)
    if priority > run.priority and not user.is_staff:
        raise PermissionDenied(f"Run {run.pk} has priority {run.priority}; only staff may raise it.")
    change = {"from_priority": run.priority, "priority": priority}
    _require_queued(
        run, _recorded("run.priority_changed", run, lambda: lifecycle.prioritize(run.pk, priority), **change)
    )


def move(run: Run, user: User, to: Destination) -> None:
    """Move a queued run past its neighbours; owners overtake their own runs alone, staff everybody's."""
    require_right(run, user)
    try:
        moved = _recorded("run.moved", run, lambda: moves.move(run.pk, to, may_overtake=user.is_staff), to=to)
    except moves.NotAllowed as error:
        seen = access_of(user).sees(error.project_id)
        raise PermissionDenied(str(error) if seen else BEHIND_ANOTHER.format(run.pk)) from error
    _require_queued(run, moved)


def retry(run: Run, user: User, *, key: str | None = None) -> list[Run]:
    """Queue a new run of the same configuration from the beginning, linked to this one; `key` is its idempotency key.

    The retry of a fold that failed or was cancelled takes its place in the group. Raises InvalidRequest too.
    """
    require_right(run, user)
    if run.status not in Run.ENDED:
        raise Conflict(f"Run {run.pk} is {_status(run)}: run it again when it has ended, or a changed copy now.")
    return queue(copied(run, user), user, key=key, origin=run, in_its_place=True)


def delete(run: Run, user: User) -> bool:
    """Hide an ended run from everybody, for some days so that it can be restored.

    Return whether it was queued, and is cancelled therefore.
    """
    require_right(run, user)
    try:
        with transaction.atomic():
            cancelled = deletion.delete(run.pk, user)
            _read_again(run)
    except deletion.NotPossible as error:
        raise Conflict(str(error)) from error
    broadcast.hint(run.pk)
    return cancelled


def restore(run: Run, user: User) -> deletion.Restored:
    """Undo a deletion, and return what was restored."""
    require_right(run, user)
    try:
        with transaction.atomic():
            restored = deletion.restore(run.pk)
            _read_again(run)
    except deletion.NotPossible as error:
        raise Conflict(str(error)) from error
    broadcast.hint(run.pk)
    return restored


def describe(run: Run, user: User, **changes: Any) -> None:
    """Rename the run, or change what people note about it; `changes` as of `descriptions.change`."""
    require_right(run, user)
    require_not_deleted(run)
    try:
        descriptions.change(run.pk, user, **changes)
    except descriptions.ChangedMeanwhile as error:
        raise Conflict(str(error)) from error
    broadcast.hint(run.pk)


def copied(run: Run, user: User) -> dict[str, Any]:
    """Return the request of a copy: with the run's present name and tags, and as much priority as is allowed."""
    priority = run.priority if user.is_staff else min(0, run.priority)
    return {**run.config, "experiment_name": run.experiment_name, "tags": tags_of(run.pk), "priority": priority}


def require_right(run: Run, user: User) -> None:
    """Raise PermissionDenied unless the user may change this run."""
    if not queries.may_change(user, run):
        raise PermissionDenied(why_not(user, run, f"Run {run.pk}", run.owner))


def require_not_deleted(run: Run) -> None:
    """Raise Conflict for a deleted run, which can only be restored."""
    if run.deleted_at is not None:
        raise Conflict(f"Run {run.pk} is deleted; restore it first.")


def _recorded(action: str, run: Run, change: Callable[[], bool], **details: Any) -> bool:
    """Make the change and record it, both or neither; return whether it happened, and read what it left of `run`."""
    with transaction.atomic():
        happened = change()
        if happened:
            record(action, target=run, **details)
        _read_again(run)
    return happened


def _read_again(run: Run) -> None:
    """Read the state of `run` in the transaction that changes it: a moment later it may have gone on, or ended."""
    run.refresh_from_db(fields=STATE)


def _stopping(run: Run, asked: bool) -> None:
    if not asked:
        raise Conflict(f"Run {run.pk} is {_status(run)}: there is nothing to stop.")
    announce(run.pk)


def _require_queued(run: Run, was_queued: bool) -> None:
    if not was_queued:
        raise Conflict(f"Run {run.pk} is {_status(run)}: only queued runs have a place in the queue.")
    announce(run.pk)


def _status(run: Run) -> str:
    return run.status.replace("_", " ")
