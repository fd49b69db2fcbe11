"""Folders that queued work left behind: of what failed, or whose worker was killed after it had ended."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Collection
from datetime import timedelta
from pathlib import Path

KEPT = timedelta(days=1)
"""After work failed: its folder has the log with the traceback, which somebody may want to read."""
NEW_SECONDS = 3_600.0
"""A folder may be made in the transaction that makes its row: nobody else sees that row until it is over."""


def clear(root: Path, needed: Callable[[Collection[int]], Collection[int]]) -> None:
    """Remove the folders of all rows that need them no more, as `needed` tells of primary keys.

    What cannot be removed is tried again next time.
    """
    places = {int(place.name): place for place in root.glob("*") if place.name.isdecimal()}
    for pk in places.keys() - set(needed(places.keys())) if places else ():
        shutil.rmtree(places[pk], ignore_errors=True)


def is_new(folder: Path) -> bool:
    """Return whether the folder was made or changed a short while ago."""
    try:
        return time.time() - folder.stat().st_mtime < NEW_SECONDS
    except OSError:  # it was removed
        return False
