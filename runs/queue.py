"""The order in which queued runs are started: higher priority first, then first come, first served."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from runs.models import Run

ORDER = ("-priority", "pk")


def waiting() -> QuerySet[Run]:
    """Queued runs, the next one first."""
    return Run.objects.filter(status=Run.Status.QUEUED).order_by(*ORDER)


def place_in_queue(run_id: int) -> int:
    """Of a run that is queued, or is just being put there: 1 = next."""
    priority = Run.objects.values_list("priority", flat=True).get(pk=run_id)
    before = Q(priority__gt=priority) | Q(priority=priority, pk__lt=run_id)
    return Run.objects.filter(before, status=Run.Status.QUEUED).count() + 1


def queue_position(run: Run) -> int | None:
    """1 = next; null unless it is queued."""
    return place_in_queue(run.pk) if run.status == Run.Status.QUEUED else None
