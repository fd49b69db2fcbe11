"""Make room among cached files: the least recently used are removed first, files in use never."""

from __future__ import annotations

import errno
import os
import shutil
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from experiments.training.data.files import file_locks
from experiments.training.data.images import cache_headers

FOLDER = "cache"  # among data sets
SUFFIX = ".pixels"
SPARE_BYTES = 2**30  # of the disk, left to checkpoints and other files of runs


def reserve(file: BinaryIO, size: int, folder: Path, limit: int) -> None:
    """Allocate `size` bytes for the new, empty `file`, so that all files in `folder` stay within `limit` bytes.

    The file stays locked until it is closed, which marks it as still being written. Raises OSError when there is no
    room.
    """
    with file_locks.locked(folder / ".lock"):
        file_locks.taken(file)
        _clear_abandoned(folder)
        _make_room(folder, size, limit)
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(file.fileno(), 0, size)


def forget(folder: Path, place: str) -> None:
    """Remove the files made from the data at `place`; runs that use them keep what they have mapped."""
    for path in folder.glob(f"*{SUFFIX}"):
        with suppress(OSError), path.open("rb") as file:
            if cache_headers.made_of(file.read(cache_headers.BYTES), place):
                path.unlink()


def _make_room(folder: Path, size: int, limit: int) -> None:
    held = {path: path.stat().st_size for path in _files(folder)}
    for path in _least_recent_first(folder):
        if _fits(folder, sum(held.values()) + size, size, limit):
            return
        if _removed(path):
            del held[path]
    if not _fits(folder, sum(held.values()) + size, size, limit):
        raise OSError(errno.ENOSPC, "not enough room")


def _fits(folder: Path, total: int, size: int, limit: int) -> bool:
    return total <= limit and shutil.disk_usage(folder).free >= size + SPARE_BYTES


def _files(folder: Path) -> list[Path]:
    """List finished files and those still being written."""
    return [path for path in folder.iterdir() if path.suffix in (SUFFIX, ".tmp")]


def _least_recent_first(folder: Path) -> list[Path]:
    """Sort finished files by modification time, which each use of a file sets."""
    return sorted(folder.glob(f"*{SUFFIX}"), key=lambda path: path.stat().st_mtime)


def _removed(path: Path) -> bool:
    """Remove the file and its lock file; false if another process uses it."""
    with path.open("rb") as file:
        if not file_locks.taken(file):
            return False
        path.unlink()
        path.with_suffix(".lock").unlink(missing_ok=True)
        return True


def _clear_abandoned(folder: Path) -> None:
    """Remove the half-written files of processes that were killed."""
    for path in folder.glob(".*.tmp"):
        with suppress(FileNotFoundError):
            _removed(path)
