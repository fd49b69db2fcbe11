"""Remove old events: the one way to shorten the trail, which says in the trail that it was done.

First an event of `audit.pruned` is stored; only then the triggers let go of earlier events, and of that one itself only
after a later one. Broken off, it is continued by calling it again.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from audit.models import AuditEvent, Repeats
from audit.recording import record_pruning

BATCH_ROWS = 5_000
PAUSE_SECONDS = 0.02
"""Pause between two batches, so that waiting writers come first."""
NEVER = float("inf")


def prune(before: datetime, pause: Callable[[float], None] = time.sleep) -> int:
    """Remove the events before a moment, which must not lie ahead, and return their number. Raises ValueError."""
    if before > timezone.now():
        raise ValueError("Events that are still to come cannot be removed: give a moment that has passed.")
    old = AuditEvent.objects.filter(at__lt=before)
    number = old.count()
    if number and not AuditEvent.objects.filter(pruned_before__gte=before).exists():
        record_pruning(before, number)
    removed = 0
    while batch := list(old.order_by("pk").values_list("pk", flat=True)[:BATCH_ROWS]):
        with transaction.atomic():
            Repeats.objects.filter(event_id__in=batch).delete()
            removed += AuditEvent.objects.filter(pk__in=batch).delete()[0]
        pause(PAUSE_SECONDS)
    return removed


def limit(now: datetime | None = None) -> datetime | None:
    """Return before which day events are removed by the settings (`AUDIT_DAYS`); None: all are kept."""
    if settings.AUDIT_DAYS == NEVER:
        return None
    moment = (now or timezone.now()) - timedelta(days=settings.AUDIT_DAYS)
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)
