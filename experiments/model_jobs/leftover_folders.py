"""Folders that jobs on models left behind: of those that failed or were cancelled, and of deleted ones."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from experiments.models import ModelJob
from experiments.queued_work import leftover_folders


def clear() -> None:
    """Remove the folders of all jobs that need them no more. What cannot be removed is tried again next time."""
    leftover_folders.clear(Path(settings.MODEL_JOBS_ROOT), _needed)


def _needed(numbers: Collection[int]) -> Collection[int]:
    """Return those of jobs that are unfinished, done, or failed a short while ago, and new ones without a row.

    A request puts files into the folder before its row can be seen.
    """
    lately = Q(status="failed", ended_at__gte=timezone.now() - leftover_folders.KEPT)
    needed = ModelJob.objects.filter(Q(status__in=(*ModelJob.UNFINISHED, "done")) | lately)
    kept = set(needed.values_list("pk", flat=True))
    root = Path(settings.MODEL_JOBS_ROOT)
    unknown = (
        set(numbers) - kept - set(ModelJob.objects.filter(pk__in=set(numbers) - kept).values_list("pk", flat=True))
    )
    return kept | {number for number in unknown if leftover_folders.is_new(root / str(number))}
