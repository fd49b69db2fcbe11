"""What the hub of the list reads, in a thread of `db_threads`: of runs that somebody who listens may see."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

import msgspec
from django.db.models import BooleanField, ExpressionWrapper, F, Max, Q

from realtime.hubs.client_queue import Change, Projects
from runs.events import RunStatus, utc_now
from runs.models import Run, RunEvent
from runs.queries import Head, heads, of_types, with_summary
from runs.scheduling.forecast import forecast
from runs.scheduling.queue_report import described
from runs.serializers import event_envelope, run_summaries

SNAPSHOT_RUNS = 50
"""A new client gets so many unfinished runs: those that train first, then those that users changed last."""
STATUSES_PER_CHANGE = 20


def first_look() -> tuple[list[Head], int]:
    """Return all unfinished runs, and then the newest run: one that comes in between is unknown, and so is told of."""
    known = heads(Run.objects.filter(status__in=Run.UNFINISHED, deleted_at=None).values("pk"))
    return known, Run.objects.aggregate(newest=Max("pk"))["newest"] or 0


def unfinished(projects: Projects) -> list[Change]:
    """Read what a new client begins with."""
    waits = ExpressionWrapper(Q(status=Run.Status.QUEUED), BooleanField())
    touched = F("touched_at").desc(nulls_last=True)
    found = Run.objects.filter(_of(projects), status__in=Run.UNFINISHED, deleted_at=None)
    found = found.order_by(waits, touched, "-id")[:SNAPSHOT_RUNS]
    return _described((run, []) for run in sorted(with_summary(found, "project"), key=lambda run: run.pk))


def changes(
    run_ids: Collection[int], known: Mapping[int, Head], newest: int, projects: Collection[Projects]
) -> list[Change]:
    """Read these runs; of those that none of `projects` has, which clients see, nothing but the head."""
    seen = [Change(head, [], None) for head in heads(run_ids) if not _is_seen(head.project_id, projects)]
    unseen = {change.head.id for change in seen}
    runs = with_summary(Run.objects.filter(pk__in=[pk for pk in run_ids if pk not in unseen]), "project").order_by("id")
    return seen + _described((run, _statuses(run, known.get(run.pk), is_new=run.pk > newest)) for run in runs)


def queue_messages(projects: Collection[Projects]) -> dict[Projects, str]:
    """Encode places and times for each of these, the same for all who see it.

    Without the workers, whose last heartbeat is new every time.
    """
    found = forecast()
    return {seen: _queue_message(described(found, visible=found.runs_of(seen))) for seen in projects}


def withdrawn(run_id: int) -> str:
    """Encode that a run has left the projects that a client sees."""
    return msgspec.json.encode({"type": "run_withdrawn", "run_id": run_id, "timestamp": utc_now()}).decode()


def access_changed() -> str:
    """Encode that a client may see other projects than before, or do other things there."""
    return msgspec.json.encode({"type": "access_changed", "timestamp": utc_now()}).decode()


def _of(projects: Projects) -> Q:
    return Q() if projects is None else Q(project_id__in=projects)


def _is_seen(project_id: int, projects: Iterable[Projects]) -> bool:
    return any(seen is None or project_id in seen for seen in projects)


def _statuses(run: Run, known: Head | None, *, is_new: bool) -> list[str]:
    """Read the status events since `known`; of an older run that comes back, only the one that brought it back."""
    events = of_types(RunEvent.objects.filter(run_id=run.pk, seq__lte=run.last_seq), [RunStatus.type])
    events = events.filter(seq__gt=known.last_seq if known else 0).order_by("-seq")
    limit = STATUSES_PER_CHANGE if known or is_new else 1
    return [event_envelope(event) for event in reversed(events[:limit])]


def _described(found: Iterable[tuple[Run, list[str]]]) -> list[Change]:
    runs, statuses = [*zip(*found, strict=True)] or ((), ())
    summaries = run_summaries(runs)
    return [_change(*each) for each in zip(runs, statuses, summaries, strict=True)]


def _change(run: Run, statuses: list[str], summary: dict[str, Any]) -> Change:
    """Encode a change, non-finite numbers as null. Of a deleted run it says only that it is gone."""
    head = Head(run.pk, run.last_seq, run.status, run.touched_at, run.deleted_at, summary["project_id"])
    message: dict[str, Any] = {"type": "run_deleted", "run_id": run.pk, "timestamp": utc_now()}
    if run.deleted_at is not None:
        return Change(head, [], msgspec.json.encode(message).decode())
    message |= {"type": "run_summary", "data": summary}
    return Change(head, statuses, msgspec.json.encode(message).decode())


def _queue_message(data: dict[str, Any]) -> str:
    del data["workers"], data["absent_workers"]
    return msgspec.json.encode({"type": "queue", "data": data}).decode()
