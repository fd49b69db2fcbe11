"""Looks at runs for what no change of status tells: that one stands still, waits long, or has reached a threshold.

Each look asks the database alone, so any process may make it and none must remember anything; that a message is stored
once is the outbox's to say.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from django.db.models import QuerySet
from django.utils import timezone

from notifications import outbox
from notifications.contents import content_of, loaded
from notifications.matching import Subscriptions, active
from notifications.models import Message, Subscription
from notifications.occasions import Occasion
from runs.derived_models import MetricSummary
from runs.events import BatchMetrics, EpochEnd, FinalStats, Progress, TrainingStart
from runs.models import Run, RunEvent
from runs.queue import read_queue

PROGRESS = (BatchMetrics.type, EpochEnd.type, FinalStats.type, Progress.type, TrainingStart.type)
"""Events that a training sends only while it gets on; it reports what it uses of the machine all the while."""
TOGETHER = 500


def look_at_running(now: datetime | None = None) -> None:
    """Store messages about running trainings that have made no progress for too long."""
    _look(Occasion.STALLED, Run.objects.filter(status=Run.Status.IN_PROGRESS), now, _stalled)


def look_at_queued(now: datetime | None = None) -> None:
    """Store messages about runs that have waited too long in the queue. While it is paused, that is known."""
    if not read_queue().paused:
        _look(Occasion.QUEUED_LONG, Run.objects.filter(status=Run.Status.QUEUED), now, _queued_long)


def look_at_unfinished_metrics() -> None:
    """Store messages about metrics of running trainings that have reached a threshold."""
    if _is_wanted(Occasion.METRIC):
        for runs in _together(Run.objects.filter(status__in=Run.RUNNING)):
            look_at_metrics(runs)


def look_at_metrics(runs: Sequence[Run]) -> None:
    """Store messages about metrics of these runs that have reached a threshold, once for each run."""
    subscriptions = Subscriptions(runs, {Occasion.METRIC})
    if not subscriptions:
        return
    told = [(run, one) for run in runs for one in subscriptions.of(run, Occasion.METRIC)]
    names = {one.metric for _, one in told}
    summaries: dict[tuple[int, str], MetricSummary] = {
        (summary.run_id, summary.name): summary
        for summary in MetricSummary.objects.filter(run__in={run.pk for run, _ in told}, name__in=names)
    }
    outbox.store(
        message
        for run, one in told
        if (summary := summaries.get((run.pk, one.metric))) is not None
        for message in _reached(run, one, summary)
    )


def _reached(run: Run, one: Subscription, summary: MetricSummary) -> Iterator[Message]:
    is_above = one.direction == Subscription.Direction.ABOVE
    value, threshold = (summary.high if is_above else summary.low), one.threshold
    if value is None or threshold is None or (value < threshold if is_above else value > threshold):
        return
    content = content_of(run, metric=one.metric, value=value, threshold=threshold)
    yield outbox.new(one, run.pk, Occasion.METRIC, 0, content)


_Maker = Callable[[Sequence[Run], Subscriptions, datetime], Iterable[Message]]


def _look(occasion: Occasion, runs: QuerySet[Run], now: datetime | None, make: _Maker) -> None:
    if not _is_wanted(occasion):
        return
    for part in _together(runs):
        if subscriptions := Subscriptions(part, {occasion}):
            outbox.store(make(part, subscriptions, now or timezone.now()))


def _stalled(runs: Sequence[Run], subscriptions: Subscriptions, now: datetime) -> Iterator[Message]:
    """Make a message for each standstill, which the last sign of progress tells apart."""
    for run in runs:
        told = list(subscriptions.of(run, Occasion.STALLED))
        shortest = min((one.stalled_minutes for one in told), default=None)
        if shortest is None or _younger(run.attempt_start, now, shortest):
            continue
        seq, since = _last_progress(run)
        for one in told:
            if since is not None and not _younger(since, now, one.stalled_minutes):
                content = content_of(run, minutes=int((now - since).total_seconds() // 60))
                yield outbox.new(one, run.pk, Occasion.STALLED, seq, content)


def _last_progress(run: Run) -> tuple[int, datetime | None]:
    """Return number and time of the attempt's last sign of progress; without one, its start."""
    last = (
        RunEvent.objects.filter(run=run.pk, attempt=run.attempt, type__in=PROGRESS)
        .order_by("-seq")
        .values_list("seq", "timestamp")
        .first()
    )
    if last is None:
        return -run.attempt, run.attempt_start
    return last[0], datetime.fromisoformat(last[1])


def _queued_long(runs: Sequence[Run], subscriptions: Subscriptions, now: datetime) -> Iterator[Message]:
    """Make a message for each time in the queue, which the moment that it began tells apart."""
    for run in runs:
        for one in subscriptions.of(run, Occasion.QUEUED_LONG):
            if run.queued_at is not None and not _younger(run.queued_at, now, one.queued_minutes):
                content = content_of(run, minutes=int((now - run.queued_at).total_seconds() // 60))
                began = int(run.queued_at.timestamp() * 1_000_000)
                yield outbox.new(one, run.pk, Occasion.QUEUED_LONG, began, content)


def _younger(moment: datetime | None, now: datetime, minutes: int) -> bool:
    return moment is None or now - moment < timedelta(minutes=minutes)


def _is_wanted(occasion: Occasion) -> bool:
    """Return whether anyone is to be told of an occasion: mostly nobody is, and then no run is read."""
    wanted = active().values_list("occasions", flat=True)
    return any(occasion.value in occasions for occasions in wanted)


def _together(runs: QuerySet[Run]) -> Iterator[list[Run]]:
    """Yield the runs, so many at a time."""
    chosen = loaded(runs, "attempt_start").order_by("pk")
    last = 0
    while part := list(chosen.filter(pk__gt=last)[:TOGETHER]):
        yield part
        last = part[-1].pk
