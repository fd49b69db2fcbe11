"""Measure what an operator monitors: a handful of queries, none of which reads the whole journal."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from django.db.models import Count, F, Min, Q, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone

from runs.models import Run, RunEvent


class Totals(NamedTuple):
    """Sums over all runs that exist; deleting a run for good takes its share away."""

    events: int
    attempts: int
    restarts: int  # attempts after a run's first
    losses: int  # attempts whose worker was lost, since the run was queued by a person


def by_status() -> dict[str, int]:
    """Count the runs in each status, zeros included; without deleted ones."""
    counted = dict(Run.objects.filter(deleted_at=None).order_by().values_list("status").annotate(count=Count("pk")))
    return {status: counted.get(status, 0) for status in Run.Status.values}


def totals() -> Totals:
    """Sum columns of the runs: the journal's length is the sum of their last numbers."""
    sums = Run.objects.aggregate(
        events=Sum("last_seq"), attempts=Sum("attempt"), losses=Sum("losses"), started=Count("pk", Q(attempt__gt=0))
    )
    attempts = sums["attempts"] or 0
    return Totals(sums["events"] or 0, attempts, attempts - sums["started"], sums["losses"] or 0)


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
