"""The hash that identifies a version of a data set: a function of the files' names and contents, nothing else.

It equals what coreutils print for a folder's files in the order of their names' bytes, `sha256sum NAME… | sha256sum`,
so anyone can check it independently. Times, owners, the order on disk and the packing do not count: a folder and its
zip have the same hash. Hidden files and what archive programs leave behind do not count either, as no training reads
them.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from hashlib import sha256
from typing import TypeAlias

from experiments.training.contract.source_errors import SourceError
from experiments.training.data.files.archives import READ_ERRORS
from experiments.training.data.files.folders import Files

BLOCK_BYTES = 2**20  # read at once
BATCH_FILES = 128  # that a thread takes at once
REPORT_SECONDS = 0.5
THREADS = min(4, (os.cpu_count() or 1) + 1)  # hashing releases Python's lock; one more for waiting on the disk

Reporter: TypeAlias = Callable[[int, int], object]
"""Receives, every half second, the number of files and of bytes done so far."""


def content_hash(files: Files, report: Reporter, *, threads: int = THREADS) -> str:
    """Compute the hash as 64 hexadecimal digits; raises SourceError for a file that cannot be read whole."""
    names = sorted(files.sizes)  # by code points, which is the order of UTF-8 bytes
    batches = [names[start : start + BATCH_FILES] for start in range(0, len(names), BATCH_FILES)]
    done = Done()
    with ThreadPoolExecutor(threads, thread_name_prefix="hashing") as pool:
        futures = [pool.submit(_lines, files, batch, done) for batch in batches]
        _follow(futures, done, report)
    total = sha256()
    for future in futures:
        total.update(future.result())
    return total.hexdigest()


class Done:
    """The files and bytes that all threads have processed together."""

    def __init__(self) -> None:
        self.files = self.bytes = 0
        self._lock = threading.Lock()

    def add(self, files: int, size: int) -> None:
        """Add files and bytes; safe to call from several threads."""
        with self._lock:
            self.files += files
            self.bytes += size


def _follow(futures: Sequence[Future[bytes]], done: Done, report: Reporter) -> None:
    """Report progress until all are done; the first failure cancels the rest and is raised."""
    pending = set(futures)
    while pending:
        finished, pending = wait(pending, timeout=REPORT_SECONDS, return_when=FIRST_EXCEPTION)
        report(done.files, done.bytes)
        if any(future.exception() for future in finished):
            for future in pending:
                future.cancel()
            for future in finished:
                future.result()


def _lines(files: Files, names: Sequence[str], done: Done) -> bytes:
    """Build what `sha256sum NAME…` prints for these files."""
    return b"".join(_line(name, _digest(files, name, done)) for name in names)


def _line(name: str, digest: str) -> bytes:
    escaped = name.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r")
    mark = "\\" if escaped != name else ""  # as sha256sum marks a line whose name it had to escape
    return f"{mark}{digest}  {escaped}\n".encode()


def _digest(files: Files, name: str, done: Done) -> str:
    digest = sha256()
    try:
        with files.open(name) as file:
            while block := file.read(BLOCK_BYTES):
                digest.update(block)
                done.add(0, len(block))
    except READ_ERRORS as error:
        raise SourceError("source_path", f"{name} cannot be read ({error}); copy or pack the data again.") from error
    done.add(1, 0)
    return digest.hexdigest()
