"""Files that exist whole or not at all. Imports the standard library only."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

_UNFINISHED = ".part"


@contextmanager
def written_whole(path: Path) -> Iterator[BinaryIO]:
    """Open a binary file for writing that appears under `path` only when the block ends well.

    It is written beside its place, flushed to the disk and renamed over `path`. Whatever goes wrong (a full disk
    included), the unfinished file is removed, an older file under `path` stays, and the error goes on.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=_UNFINISHED)
    unfinished = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        unfinished.chmod(0o640)
        unfinished.replace(path)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def write_bytes(path: Path, content: bytes) -> None:
    """Write a small file whole."""
    with written_whole(path) as file:
        file.write(content)


def _sync_folder(folder: Path) -> None:
    """Make the rename itself survive a power loss."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
