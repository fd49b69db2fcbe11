"""Folders that pre-flight reports left behind: of those that failed, or whose worker was killed after it had ended."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from experiments.models import Preflight

KEPT = timedelta(days=1)
"""After a report failed: its folder has the log with the traceback, which somebody may want to read."""


def clear() -> None:
    """Remove the folders of all reports that need them no more. What cannot be removed is tried again next time."""
    for folder in _leftovers():
        shutil.rmtree(folder, ignore_errors=True)


def _leftovers() -> list[Path]:
    """Return folders of reports that are done, failed a while ago, or are unknown to the database."""
    places = [place for place in Path(settings.PREFLIGHTS_ROOT).glob("*") if place.name.isdecimal()]
    if not places:
        return []
    # A row is older than its folder, so a folder that was seen before and has no row now is nobody's.
    needed = Preflight.objects.exclude(status="done").exclude(status="failed", ended_at__lt=timezone.now() - KEPT)
    kept = set(needed.filter(pk__in=[int(place.name) for place in places]).values_list("pk", flat=True))
    return [place for place in places if int(place.name) not in kept]
