"""Status changes that nobody has followed up yet: an outbox, written in the transaction of the change itself.

`lifecycle` writes a row for each change, so none is lost, whatever process dies when. Those who follow them, in the
layers above, take rows and store what comes of them in one transaction, so none is followed up twice.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from django.db import transaction

from runs.derived_models import StatusChange
from runs.events import Event, RunStatus, Stamped
from runs.statements.bulk_insert import BulkInsert

TOGETHER = 200
"""Changes that are followed up in one transaction."""
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
