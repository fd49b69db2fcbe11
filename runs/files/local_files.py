"""Give clients safe access to a run's files: regular files inside the run's folder, never through a link.

Names that begin with a dot are files being written (`atomic_files`) and do not exist for readers.
"""

from __future__ import annotations

import asyncio
import mimetypes
import os
import stat
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, NamedTuple

CHUNK = 64 * 1024  # below what Daphne writes per turn (128 KiB), so that a fast reader fills no buffer in memory
_MEDIA_TYPES = {
    ".ckpt": "application/octet-stream",
    ".csv": "text/csv",
    ".json": "application/json",
    ".log": "text/plain",
    ".parquet": "application/vnd.apache.parquet",
}


class RunFile(NamedTuple):
    """A file of a run.

    `name` is relative to the run's folder, with slashes; `size` is in bytes.
    """

    name: str
    size: int
    modified: datetime
    media_type: str


class Content:
    """An open file as ASGI streams it: chunk by chunk, read outside the event loop, closed with the response.

    `size` is in bytes; by default that of a file on this machine. `version` is another for any other content.
    """

    def __init__(self, file: BinaryIO, size: int | None = None, version: str = "") -> None:
        self.file = file
        self.size = os.fstat(file.fileno()).st_size if size is None else size
        self.version = version or file_version(file)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Yield chunks, never more than the announced size, even if the file grows meanwhile."""
        left = self.size
        while left and (chunk := await asyncio.to_thread(self.file.read, min(CHUNK, left))):
            left -= len(chunk)
            yield chunk

    def close(self) -> None:
        """Close the file."""
        self.file.close()


def file_version(file: BinaryIO) -> str:
    """Tell apart what an open file held, and holds after any change: number, size, and times in nanoseconds."""
    status = os.fstat(file.fileno())
    return f"{status.st_dev}-{status.st_ino}-{status.st_size}-{status.st_mtime_ns}-{status.st_ctime_ns}"


def list_files(folder: Path) -> list[RunFile]:
    """List every file below `folder`, sorted by name; a folder that does not exist yet has none."""
    return sorted(_walk(folder, ""))


def open_file(folder: Path, name: str) -> BinaryIO:
    """Open `name` below `folder` for reading; FileNotFoundError for anything `list_files` would not list.

    Goes down folder by folder from an open one and follows no link, so nothing outside can be reached, not even by
    exchanging a folder for a link meanwhile.
    """
    *parents, last = name.split("/")
    if not is_public_name(name):
        raise FileNotFoundError(name)
    try:
        return _open_below(folder, parents, last)
    except (OSError, ValueError) as error:  # ValueError: a NUL byte, or text that no file name can hold
        raise FileNotFoundError(name) from error


def media_type(name: str) -> str:
    """Guess the media type from the name's ending; an unknown ending is a stream of bytes."""
    suffix = Path(name).suffix.lower()
    return _MEDIA_TYPES.get(suffix) or mimetypes.guess_type(name)[0] or "application/octet-stream"


def is_public_name(name: str) -> bool:
    """Return whether a file of that name, relative and with slashes, may be listed; never one that leads out."""
    return all(_is_public(part) for part in name.split("/"))


def _is_public(part: str) -> bool:
    """Return whether a part of a name may be listed: control characters and undecodable bytes fit no JSON or header."""
    return bool(part) and not part.startswith(".") and part.isprintable()


def _walk(folder: Path, prefix: str) -> Iterator[RunFile]:
    try:
        entries = list(os.scandir(folder))
    except (FileNotFoundError, NotADirectoryError):
        return
    for entry in entries:
        name = prefix + entry.name
        if not _is_public(entry.name) or entry.is_symlink():
            continue
        if entry.is_dir(follow_symlinks=False):
            yield from _walk(folder / entry.name, f"{name}/")
        elif entry.is_file(follow_symlinks=False):
            yield from _described(entry, name)


def _described(entry: os.DirEntry[str], name: str) -> Iterator[RunFile]:
    try:
        status = entry.stat(follow_symlinks=False)
    except FileNotFoundError:  # replaced or deleted since the listing
        return
    yield RunFile(name, status.st_size, datetime.fromtimestamp(status.st_mtime, UTC), media_type(name))


def _open_below(folder: Path, parents: list[str], last: str) -> BinaryIO:
    current = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for part in parents:
            flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
            inner = os.open(part, flags, dir_fd=current)
            os.close(current)
            current = inner
        # O_NONBLOCK: opening a named pipe must not wait for its writer.
        found = os.open(last, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=current)
    finally:
        os.close(current)
    if not stat.S_ISREG(os.fstat(found).st_mode):
        os.close(found)
        raise FileNotFoundError(last)
    return os.fdopen(found, "rb")
