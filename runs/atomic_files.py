"""Write files that exist whole or not at all, also after a crash or with a full disk. Pure."""

from __future__ import annotations

import os
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from runs import private_files

_UNFINISHED = re.compile(r"\.[0-9a-f]{16}\.tmp")


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield the path of a hidden file beside `path` to be written; it becomes `path` when the block ends well.

    An exception, OSError of a full disk included, leaves whatever `path` was before and nothing beside it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{secrets.token_hex(8)}.tmp")
    try:
        yield temporary
        temporary.chmod(private_files.file_mode())  # however it was made: by `mkstemp`, as a link, by a library
        _sync(temporary)
        temporary.replace(path)
        _sync(path.parent)
    finally:
        # Also after success: a rename between two links to one file does nothing and leaves both.
        temporary.unlink(missing_ok=True)


def write(path: Path, content: bytes | memoryview) -> None:
    """Create or replace the file."""
    with replacing(path) as temporary:
        temporary.write_bytes(content)


def publish(source: Path, path: Path) -> None:
    """Make `path` the same file as `source`, without a second copy on disk where the file system supports that."""
    with replacing(path) as temporary:
        try:
            temporary.hardlink_to(source)
        except OSError:  # no hard links here; a missing source fails again below, with its name
            shutil.copyfile(source, temporary)


def remove_unfinished(folder: Path) -> None:
    """Remove what a killed process left of `replacing` in the folder and below; nobody may be writing there."""
    for path in folder.rglob(".*.tmp"):
        if _UNFINISHED.fullmatch(path.name):
            path.unlink(missing_ok=True)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
