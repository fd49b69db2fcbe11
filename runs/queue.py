"""Decide which queued run starts next: higher priority first, then first come, first served; none while paused."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from datetime import datetime
from functools import cache

from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.db.models import Count, QuerySet

from access.models import Project
from audit.recording import record
from runs import clock
from runs.models import Queue, Run
from runs.statements.column_values import ColumnValues
from runs.statements.prepared_query import PreparedQuery

ORDER = ("-priority", "turn", "pk")
_BEFORE = """
    SELECT count(*) FROM runs_run AS run
    JOIN runs_run AS own ON own.id = %s
    WHERE run.status = %s AND run.priority >= own.priority
    AND (run.priority > own.priority OR run.turn < own.turn OR (run.turn = own.turn AND run.id < %s))
"""
"""The number of runs that come before one, in that order."""
_QUEUED = PreparedQuery(lambda: Run.objects.filter(status=Run.Status.QUEUED).order_by().values_list("pk")[:1])
_QUEUE_FIELDS = tuple(field.attname for field in Queue._meta.concrete_fields)
_USER_FIELDS = ("id", "username")
_QUEUE = PreparedQuery(
    lambda pk: (
        Queue.objects.filter(pk=pk).order_by().values_list(*_QUEUE_FIELDS, *(f"by__{name}" for name in _USER_FIELDS))
    )
)
_LIMITED = PreparedQuery(
    lambda: Project.objects.filter(max_running__isnull=False).order_by().values_list("pk", "max_running")
)


def waiting() -> QuerySet[Run]:
    """Select queued runs, the next one first."""
    return Run.objects.filter(status=Run.Status.QUEUED).order_by(*ORDER)


def any_waits() -> bool:
    """Return whether any run is queued: a question that costs a tenth of which ones may start."""
    return _QUEUED.first() is not None


def startable() -> QuerySet[Run]:
    """Select the queued runs that may be started now.

    None while the queue is paused, none of a user at the limit of running runs, none of a project at its own.
    """
    if read_queue().paused:
        return Run.objects.none()
    found = waiting()
    if full := full_projects():
        found = found.exclude(project_id__in=full)
    if settings.RUNS_PER_USER is None:
        return found
    running = Run.objects.filter(status__in=Run.RUNNING).order_by().values("owner").annotate(number=Count("pk"))
    return found.exclude(owner__in=running.filter(number__gte=settings.RUNS_PER_USER).values("owner"))


def limits_of_projects() -> dict[int, int]:
    """Return how many runs may train at once in each project that has such a quota."""
    return dict(_LIMITED.rows())


def full_projects() -> list[int]:
    """Return the projects in which as many runs train as their quotas allow."""
    limits = limits_of_projects()
    if not limits:
        return []
    training = count_by_project(limits, Run.RUNNING)
    return [number for number, limit in limits.items() if training[number] >= limit]


def count_by_project(project_ids: Collection[int], statuses: Collection[str]) -> Counter[int]:
    """Count the runs of each project that have one of these states."""
    # By status first: of a hundred thousand runs few are unfinished.
    runs = Run.objects.filter(status__in=statuses, project_id__in=project_ids).order_by()
    return Counter(runs.values_list("project_id", flat=True))


def joining_moment(now: datetime) -> datetime:
    """Return the moment for a run that joins the queue now: not before those that wait, if the clock was set back."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT max(turn), max(queued_at) FROM runs_run WHERE status = %s", [Run.Status.QUEUED.value])
        latest = cursor.fetchone()
    return clock.not_before(now, *_moments().row(latest))


@cache
def _moments() -> ColumnValues:
    return ColumnValues.of(Run, "turn", "queued_at")


def place_in_queue(run_id: int) -> int:
    """Return the place of a run that is queued, or is just being queued: 1 = next."""
    with connection.cursor() as cursor:
        cursor.execute(_BEFORE, [run_id, Run.Status.QUEUED.value, run_id])
        return int(cursor.fetchone()[0]) + 1


def queue_position(run: Run) -> int | None:
    """Return the run's place in the queue, 1 = next; None unless it is queued."""
    return place_in_queue(run.pk) if run.status == Run.Status.QUEUED else None


def read_queue() -> Queue:
    """Read the queue's state."""
    found = _QUEUE.first(Queue.THE_ONE)
    if found is None:
        return Queue(pk=Queue.THE_ONE)
    queue = Queue.from_db(connection.alias, _QUEUE_FIELDS, found[: len(_QUEUE_FIELDS)])
    if queue.by_id is not None:
        queue.by = User.from_db(connection.alias, _USER_FIELDS, found[len(_QUEUE_FIELDS) :])
    return queue


def lock_queue() -> Queue:
    """Lock the queue until the caller's transaction ends: what one worker counts, no other changes meanwhile."""
    return Queue.objects.select_for_update().get_or_create(pk=Queue.THE_ONE)[0]


def pause(by: User, reason: str) -> None:
    """Start no queued run from now on."""
    _change(by, paused=True, reason=reason)


def unpause(by: User) -> None:
    """Start queued runs again."""
    _change(by, paused=False, reason="")


def _change(by: User, *, paused: bool, reason: str) -> None:
    with transaction.atomic():
        queue = lock_queue()
        queue.paused, queue.reason, queue.by, queue.since = paused, reason, by, clock.now()
        queue.save()
        record("queue.paused" if paused else "queue.resumed", reason=reason)
