"""Measure what an operator monitors: a handful of queries, none of which reads the whole journal."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from django.db.models import BooleanField, Count, F, Min, Q, Sum
from django.db.models.expressions import RawSQL
from django.db.models.functions import Coalesce
from django.utils import timezone

from runs.models import Run, RunEvent


class Totals(NamedTuple):
    """Sums over all runs that exist; deleting a run for good takes its share away."""

    events: int
    attempts: int
    restarts: int  # attempts after a run's first
    losses: int  # attempts whose worker was lost, since the run was queued by a person


class Counted(NamedTuple):
    """The runs of one status: how many are not deleted and how many ever started; of all, sums of their columns."""

    status: str
    visible: int
    started: int
    attempts: int
    losses: int
    events: int


# The condition of the index `run_ended_totals`, word for word and without parameters: else SQLite does not use it.
_HAS_ENDED = RawSQL("status IN ('completed', 'failed', 'cancelled')", [], output_field=BooleanField())


def by_status(counted: Iterable[Counted] | None = None) -> dict[str, int]:
    """Count the runs in each status, zeros included; without deleted ones. `counted` are those of `counts`."""
    found = dict.fromkeys(Run.Status.values, 0)
    for one in counts() if counted is None else counted:
        found[one.status] += one.visible
    return found


def totals(counted: Iterable[Counted] | None = None) -> Totals:
    """Sum columns of the runs: the journal's length is the sum of their last numbers."""
    found = list(counts() if counted is None else counted)
    attempts = sum(one.attempts for one in found)
    started = sum(one.started for one in found)
    return Totals(sum(one.events for one in found), attempts, attempts - started, sum(one.losses for one in found))


def counts() -> list[Counted]:
    """Count and sum the runs of each status, deleted ones too, in two queries.

    Ended runs are many: what is asked of them stands in an index. The others are few.
    """
    sums = {
        "visible": Count("pk", Q(deleted_at=None)),
        "started": Count("pk", Q(attempt__gt=0)),
        "attempts": Sum("attempt"),
        "losses": Sum("losses"),
        "events": Sum("last_seq"),
    }
    ended = Run.objects.filter(_HAS_ENDED)
    unfinished = Run.objects.filter(status__in=Run.UNFINISHED)
    return [
        Counted(*row)
        for runs in (ended, unfinished)
        for row in runs.order_by().values("status").annotate(**sums).values_list("status", *sums)
    ]


def longest_wait(now: datetime | None = None) -> float:
    """Return the seconds that the longest waiting queued run has been waiting; 0 when none waits.

    Moving a run in the queue changes nothing.
    """
    queued = Run.objects.filter(status=Run.Status.QUEUED)
    oldest = queued.aggregate(oldest=Min(Coalesce("queued_at", "created_at")))["oldest"]
    return 0.0 if oldest is None else _seconds_since(oldest, now)


def event_lags(now: datetime | None = None) -> dict[int, float]:
    """Return the seconds since the newest event of each running run, by run id."""
    newest = RunEvent.objects.filter(run__status__in=Run.RUNNING, seq=F("run__last_seq")).order_by("run_id")
    stamps = newest.values_list("run_id", "timestamp")
    return {run_id: _seconds_since(datetime.fromisoformat(stamp), now) for run_id, stamp in stamps}


def _seconds_since(moment: datetime, now: datetime | None) -> float:
    """Return the seconds since that moment, never negative: the clock that wrote it may be ahead."""
    return max(0.0, ((now or timezone.now()) - moment).total_seconds())
