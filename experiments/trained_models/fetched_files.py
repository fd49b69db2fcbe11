"""Files of runs' models, fetched from the object store and kept for a while; those used longest ago go first.

Each run's files lie in a folder of their own, with a lock beside it: of several that ask at once, in any process, one
fetches and the others wait. What was used within the last hour stays, whatever the limit says.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from django.conf import settings

from experiments.training.data.files import file_locks
from runs.derived_models import StoredFile
from runs.files import stored_files
from runs.models import Run

MOST_BYTES = 20 * 2**30
"""That all of them may take, but for those in use."""
IN_USE_SECONDS = 3600.0
"""For which files stay that somebody asked for: by then a process has read them."""
AT_ONCE = 500  # rows of runs that are asked for together


def fetched(run: Run, names: Sequence[str]) -> Path:
    """Return the folder with these files of the run in their stored versions; those not stored are not there.

    Raises StoreError, OSError.
    """
    root = Path(settings.FETCHED_MODELS_ROOT)
    folder = root / str(run.pk)
    rows = list(StoredFile.objects.filter(run=run, name__in=list(names)))
    with file_locks.locked(_lock(folder)):
        folder.mkdir(parents=True, exist_ok=True)
        for row in rows:
            stored_files.restore(row, folder)
        _remove_former(folder, names)
        os.utime(folder)
    remove_purged()
    make_room(root, MOST_BYTES)
    return folder


def remove_purged() -> None:
    """Remove the files of runs that were purged: who deletes a run for good expects that no copy stays."""
    root = Path(settings.FETCHED_MODELS_ROOT)
    folders = {int(folder.name): folder for folder in root.glob("*") if folder.name.isdecimal()}
    numbers = sorted(folders)
    for start in range(0, len(numbers), AT_ONCE):
        some = numbers[start : start + AT_ONCE]
        for gone in set(some) - set(Run.objects.filter(pk__in=some).values_list("pk", flat=True)):
            shutil.rmtree(folders[gone], ignore_errors=True)
            _lock(folders[gone]).unlink(missing_ok=True)


def make_room(root: Path, limit: int) -> None:
    """Remove the folders used longest ago until all take no more than `limit` bytes; never one that is in use."""
    held = {folder: _size(folder) for folder in root.iterdir() if folder.is_dir()}
    for folder in sorted(held, key=_used):
        if sum(held.values()) <= limit or time.time() - _used(folder) < IN_USE_SECONDS:
            return
        with _lock(folder).open("w") as file:
            if file_locks.taken(file) and time.time() - _used(folder) >= IN_USE_SECONDS:
                shutil.rmtree(folder, ignore_errors=True)
                del held[folder]


def _remove_former(folder: Path, names: Sequence[str]) -> None:
    """Remove checkpoints of earlier attempts, of which nothing asks any more."""
    for path in folder.rglob(f"*{stored_files.CHECKPOINT}"):
        if path.relative_to(folder).as_posix() not in names and time.time() - path.stat().st_atime > IN_USE_SECONDS:
            path.unlink(missing_ok=True)


def _lock(folder: Path) -> Path:
    return folder.with_name(f".{folder.name}.lock")


def _size(folder: Path) -> int:
    total = 0
    for path in folder.rglob("*"):
        with suppress(FileNotFoundError):
            total += path.stat().st_size
    return total


def _used(folder: Path) -> float:
    with suppress(FileNotFoundError):
        return folder.stat().st_mtime
    return 0.0
