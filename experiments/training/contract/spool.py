"""Hold messages that come faster than they are taken: in order, the newest of many in a file, both bounded.

Plain Python, for the training as for its supervisor. A file has no name, so that nothing is left where its process is
killed; it is given back to the disk as soon as it was read.
"""

from __future__ import annotations

import tempfile
import threading
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import IO, NamedTuple

MEMORY_BYTES = 4 * 1024 * 1024
SEGMENT_BYTES = 16 * 1024 * 1024
LIMIT_BYTES = 256 * 1024 * 1024


class _Taken(NamedTuple):
    """A message that is taken, and how many bytes it had when it was put."""

    message: bytes
    size: int


class _Segment:
    """A file of messages, written to its end and then read; their sizes are in memory, so that none hides another."""

    def __init__(self, folder: Path) -> None:
        self._file: IO[bytes] = tempfile.TemporaryFile(dir=folder, buffering=0)  # noqa: SIM115  # closed once it was read
        self.written = self._read = 0
        self._waiting: deque[tuple[int, bytes]] = deque()

    def put(self, message: bytes, instead: bytes) -> None:
        """Write a message; raises OSError, and the file is then as it was before."""
        self._file.seek(self.written)
        if self._file.write(message) < len(message):
            raise OSError("no space left for a message")
        self.written += len(message)
        self._waiting.append((len(message), instead))

    def get(self) -> _Taken | None:
        """Read the next message, or take what is to be in its place if it is unreadable; None after the last one."""
        if not self._waiting:
            self._file.close()
            return None
        size, instead = self._waiting.popleft()
        message = self._at(self._read, size)
        self._read += size
        return _Taken(instead if message is None else message, size)

    def _at(self, place: int, size: int) -> bytes | None:
        try:
            self._file.seek(place)
            message = self._file.read(size)
        except OSError:
            return None
        return message if len(message) == size else None


class Spool:
    """A queue of messages, for one thread that puts and one that gets.

    `full` says that no more is wanted: it holds as much as it may, or the disk takes no more. What is put all the same
    is kept in memory, as is what a disk refuses.
    """

    def __init__(self, folder: Path | None = None, limit: int | None = None) -> None:
        """Make an empty one, whose files would be in that folder."""
        self._folder = folder or Path(tempfile.gettempdir())
        self._limit = LIMIT_BYTES if limit is None else limit
        self._parts: deque[bytes | _Segment] = deque()
        self._size = self._in_memory = 0
        self._closed = self._refused = False
        self.full = False  # an attribute: it is looked at before each message
        self._changed = threading.Condition()

    @property
    def empty(self) -> bool:
        """Whether nothing waits in it."""
        return not self._size

    def put(self, message: bytes, instead: Callable[[], bytes]) -> None:
        """Add a message; never fails. If it goes to a file, what `instead` makes stays in memory.

        That is given back in place of a message that the disk does not.
        """
        with self._changed:
            if self._fits_memory(message) or self._refused or not self._filed(message, instead):
                self._parts.append(message)
                self._in_memory += len(message)
            self._size += len(message)
            self._update_full()
            self._changed.notify()

    def close(self) -> None:
        """End `get` once everything was read."""
        with self._changed:
            self._closed = True
            self._changed.notify()

    def get(self, *, wait: bool = True) -> bytes | None:
        """Take the oldest message. None when there is none: without `wait` now, with it once the spool is closed."""
        with self._changed:
            while True:
                if (first := self._first()) is not None:
                    self._size -= first.size
                    self._update_full()
                    return first.message
                self._refused = False  # there is room in memory again, and the disk is tried again after that
                self._update_full()
                if self._closed or not wait:
                    return None
                self._changed.wait()

    def _update_full(self) -> None:
        self.full = self._size >= self._limit or self._refused

    def _fits_memory(self, message: bytes) -> bool:
        """Return whether it may stay in memory: not behind a file, or small files would take turns with memory."""
        in_file = bool(self._parts) and isinstance(self._parts[-1], _Segment)
        return not in_file and self._in_memory + len(message) <= MEMORY_BYTES

    def _first(self) -> _Taken | None:
        while self._parts:
            part = self._parts[0]
            if isinstance(part, bytes):
                self._parts.popleft()
                self._in_memory -= len(part)
                return _Taken(part, len(part))
            if (first := part.get()) is not None:
                return first
            self._parts.popleft()
        return None

    def _filed(self, message: bytes, instead: Callable[[], bytes]) -> bool:
        """Write the message to the last file, or to a new one; False where the disk refuses it."""
        try:
            last = self._parts[-1] if self._parts else None
            if not isinstance(last, _Segment) or last.written >= SEGMENT_BYTES:
                last = _Segment(self._folder)
                self._parts.append(last)
            last.put(message, instead())
        except OSError:
            self._refused = True
            return False
        return True
