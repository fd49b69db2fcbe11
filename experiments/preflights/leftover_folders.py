"""Folders that pre-flight reports left behind: of those that failed, or whose worker was killed after it had ended."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from experiments.models import Preflight
from experiments.queued_work import leftover_folders


def clear() -> None:
    """Remove the folders of all reports that need them no more. What cannot be removed is tried again next time."""
    leftover_folders.clear(Path(settings.PREFLIGHTS_ROOT), _needed)


def _needed(numbers: Collection[int]) -> Collection[int]:
    """Return those of reports that are queued, being made, or failed a short while ago.

    A row is older than its folder, so a folder that was seen before and has no row now is nobody's.
    """
    needed = Preflight.objects.exclude(status__in=("done", "cancelled")).exclude(
        status="failed", ended_at__lt=timezone.now() - leftover_folders.KEPT
    )
    return set(needed.filter(pk__in=numbers).values_list("pk", flat=True))
