"""Status changes that nobody has followed up yet: an outbox, written in the transaction of the change itself.

`lifecycle` writes a row for each change, so none is lost, whatever process dies when. Those who follow them, in the
layers above, take rows and store what comes of them in one transaction, so none is followed up twice.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from django.db import transaction

from runs.derived_models import StatusChange
from runs.events import Event, RunStatus, Stamped, format_time
from runs.statements.bulk_insert import BulkInsert

TOGETHER = 200
"""Changes that are followed up, or removed, in one transaction."""
KEPT_DAYS = 7
"""Days after which a change that nobody has followed up is removed: news as old as that help nobody."""
_ROWS = BulkInsert(StatusChange, ["run", "attempt", "seq", "status", "previous", "reason", "timestamp"])


def add(run_id: int, attempt: int, last: int, events: Sequence[Stamped[Event]]) -> None:
    """Store the changes of status among events that have the numbers up to `last`, in the caller's transaction."""
    _ROWS.insert(
        [
            (run_id, attempt, seq, event.status, event.previous or "", event.reason or "", timestamp)
            for seq, (event, timestamp, _) in enumerate(events, last - len(events) + 1)
            if isinstance(event, RunStatus) and event.status != event.previous
        ]
    )


def follow_up(handle: Callable[[Sequence[StatusChange]], object]) -> int:
    """Hand the oldest changes to `handle`, in their order, and remove them in the same transaction. Return how many.

    What another process has in hand is left to it. Where `handle` fails, nothing has happened.
    """
    with transaction.atomic():
        rows = StatusChange.objects.select_for_update(skip_locked=True).order_by("pk")[:TOGETHER]
        changes: Sequence[StatusChange] = list(rows)
        if changes:
            handle(changes)
            StatusChange.objects.filter(pk__in=[change.pk for change in changes]).delete()
    return len(changes)


def is_anything_waiting() -> bool:
    """Return whether there is a change to follow up; cheaper than a transaction."""
    return StatusChange.objects.exists()


def remove_old(now: datetime) -> int:
    """Remove the changes that are older than `KEPT_DAYS`, batch by batch, and return how many there were.

    Only web processes follow changes up; where there is none for long, they would gather without end.
    """
    limit = format_time(now - timedelta(days=KEPT_DAYS))
    total = 0
    while True:
        with transaction.atomic():
            oldest = StatusChange.objects.select_for_update(skip_locked=True).order_by("pk")[:TOGETHER]
            old = [change.pk for change in oldest if change.timestamp < limit]
            StatusChange.objects.filter(pk__in=old).delete()
        total += len(old)
        if len(old) < TOGETHER:
            return total
