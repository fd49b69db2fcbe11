"""The occasions on which people are told of a run."""

from __future__ import annotations

from django.db.models import TextChoices


class Occasion(TextChoices):
    """The occasions; the value is the `type` that receivers get."""

    COMPLETED = "run.completed", "ended well"
    FAILED = "run.failed", "failed"
    CANCELLED = "run.cancelled", "was cancelled"
    STALLED = "run.stalled", "makes no progress"
    LOST = "run.lost", "was interrupted and waits to be continued"
    RESUMED = "run.resumed", "continues"
    QUEUED_LONG = "run.queued_long", "has waited long in the queue"
    METRIC = "run.metric", "reaches a threshold of a metric"


TEST = "test"
"""The type of a message that a person sends to see whether it arrives."""
ENDS = {
    "completed": Occasion.COMPLETED,
    "failed": Occasion.FAILED,
    "cancelled": Occasion.CANCELLED,
}


def of_change(status: str, previous: str, attempt: int) -> Occasion | None:
    """Return the occasion that a change of status is; None if it is none.

    A run that comes back to the queue is lost, drained or crashed; that a person resumes an ended one is known to those
    who wait for it when it continues.
    """
    if status in ENDS:
        return ENDS[status]
    if status == "queued" and previous == "in_progress":
        return Occasion.LOST
    if status == "in_progress" and previous == "queued" and attempt > 1:
        return Occasion.RESUMED
    return None
