"""The files of runs in the object store: list, store and restore them.

Only the newest attempt of a run publishes: each version gets a key of its own, which becomes visible through the row,
and the row is written under a lock of the run. A writer that was fenced off overwrites nothing, however late it is.
"""

from __future__ import annotations

import hashlib
import io
import os
import re
import secrets
from collections.abc import Collection, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO

from django.db import transaction
from django.utils import timezone

from runs import atomic_files
from runs.derived_models import StoredFile
from runs.files import store
from runs.files.local_files import Content, RunFile, is_public_name, list_files, media_type, open_file
from runs.files.store import StoreError
from runs.leases import Fenced
from runs.models import Run

PIECE = 1024 * 1024
PLACE = 256 * 1024
CHECKPOINT = ".ckpt"
LOG = ".log"
ATTEMPT_MARKER = ".attempt"
WRITTEN_ANYWHERE = "operating_point.json"  # by web processes too: a folder may have an older one than the store
CHANGED_ANYWHERE = ("results.json", "inference.json")  # likewise, but what a later attempt wrote is newer in any case
SMALL_LOG = 8 * 2**20  # bytes; a larger one is stored again only when it has grown by a tenth
ORPHAN_AGE = timedelta(days=1)  # of an object that no row names: by then its upload is over, and was not recorded
NOT_RUNNING = (Run.Status.QUEUED, *Run.ENDED)


def listed(run_id: int) -> list[RunFile]:
    """List the run's stored files as `local_files.list_files` does; asks only the database."""
    rows = StoredFile.objects.filter(run_id=run_id)
    return sorted(RunFile(row.name, row.size, row.modified, media_type(row.name)) for row in rows)


def is_stored(run_id: int, name: str) -> bool:
    """Return whether the run has a stored file of this name; asks only the database."""
    return StoredFile.objects.filter(run_id=run_id, name=name).exists()


def opened(run_id: int, name: str) -> Content:
    """Open a stored file for streaming. Raises FileNotFoundError, StoreError."""
    row = _row(run_id, name)
    for _ in range(3):  # a log is replaced every few seconds, and its former version removed
        try:
            return Content(store.bucket().read(row.key), row.size, row.key)
        except (FileNotFoundError, StoreError):  # without the right to list, what is not there is "denied"
            newer = _row(run_id, name)
            if newer.key == row.key:
                raise
            row = newer
    raise FileNotFoundError(name)


def version(run_id: int, name: str) -> str:
    """Return what tells apart versions of a stored file; asks only the database. Raises FileNotFoundError."""
    return _row(run_id, name).key


def seekable(run_id: int, name: str) -> BinaryIO:
    """Open a stored file to read a few places of it, each fetched on its own. Raises FileNotFoundError."""
    row = _row(run_id, name)
    return io.BufferedReader(Remote(row.key, row.size), PLACE)


def publish_missing(run: Run) -> None:
    """Store those files of an ended run's folder that are not stored yet.

    Raises Fenced, StoreError, OSError.
    """
    stored = {file.name for file in listed(run.pk)}
    for file in list_files(run.folder):
        if file.name not in stored:
            publish_file(run, file.name, NOT_RUNNING)


def publish(run: Run, statuses: Collection[str], *, everything: bool = True) -> None:
    """Store what is new in the run's folder, while `run` has its newest attempt and its status is one of those.

    Without `everything`: no checkpoints, and large logs only now and then; else stored checkpoints that are no longer
    in the folder are removed. Raises Fenced, StoreError, OSError.
    """
    stored = {row.name: row for row in StoredFile.objects.filter(run=run)}
    files = [file for file in list_files(run.folder) if len(file.name) <= 1000]
    for file in files:
        row = stored.get(file.name)
        if not _is_older(file, row, run.attempt) and _is_due(file, row, everything=everything):
            publish_file(run, file.name, statuses)
    if everything:
        here = {file.name for file in files}
        gone = [name for name in stored if name.endswith(CHECKPOINT) and name not in here]
        remove_objects(unregister(run.pk, gone))


def publish_file(run: Run, name: str, statuses: Collection[str]) -> None:
    """Store this file of the run's folder; one that is gone or being written is left to the next call.

    Raises Fenced, StoreError, OSError.
    """
    try:
        file = open_file(run.folder, name)
    except FileNotFoundError:
        return
    with file:
        status = os.fstat(file.fileno())
        part = Beginning(file.fileno(), status.st_size)
        digest = hashlib.file_digest(part, "sha256").hexdigest()
        part.seek(0)
        key = _new_key(run, name)
        store.bucket().put(key, part, media_type(name))
        changed = os.fstat(file.fileno()).st_mtime_ns != status.st_mtime_ns and not name.endswith(LOG)
    modified = datetime.fromtimestamp(status.st_mtime, UTC)
    row = {"key": key, "attempt": run.attempt, "size": status.st_size, "sha256": digest, "modified": modified}
    obsolete = key if changed else _record(run, name, row, statuses)
    if obsolete:
        store.bucket().remove(obsolete)


def publish_content(run: Run, name: str, content: bytes, statuses: Collection[str]) -> None:
    """Store a file that is in no folder, as a web process writes one. Raises Fenced, StoreError."""
    key = _new_key(run, name)
    store.bucket().put(key, io.BytesIO(content), media_type(name))
    digest = hashlib.sha256(content).hexdigest()
    row = {"key": key, "attempt": run.attempt, "size": len(content), "sha256": digest, "modified": timezone.now()}
    if obsolete := _record(run, name, row, statuses):
        store.bucket().remove(obsolete)


def unregister(run_id: int, names: Iterable[str]) -> list[str]:
    """Delete these files' rows; return the keys of their objects, which remain to be removed."""
    with transaction.atomic():
        rows = StoredFile.objects.filter(run_id=run_id, name__in=list(names))
        keys = list(rows.values_list("key", flat=True))
        rows.delete()
    return keys


def remove_objects(keys: Iterable[str]) -> None:
    """Remove the objects of unregistered files. Raises StoreError; `orphans` finds what was left then."""
    for key in keys:
        store.bucket().remove(key)


def remove_all(run_id: int) -> None:
    """Remove every object of the run, also those that no row names. Raises StoreError; can be called again."""
    bucket = store.bucket()
    for key, _ in bucket.objects(f"{run_id}/"):
        bucket.remove(key)


def restore(row: StoredFile, folder: Path) -> None:
    """Download the file into that folder, whole and checked, with its time. Raises StoreError, OSError."""
    path = folder / row.name
    if not is_public_name(row.name) or not path.resolve().is_relative_to(folder.resolve()):
        raise StoreError(f"Object store: {row.name!r} is not the name of a file in the run's folder.")
    if is_here(row, folder):
        return
    digest = hashlib.sha256()
    try:
        with atomic_files.replacing(path) as temporary:
            with temporary.open("wb") as file:
                for piece in store.bucket().pieces(row.key, PIECE):
                    digest.update(piece)
                    file.write(piece)
            if (temporary.stat().st_size, digest.hexdigest()) != (row.size, row.sha256):
                raise StoreError(f"Object store: {row.name} of run {row.run_id} is not what was stored (sha256).")
            moment = round(row.modified.timestamp() * 1e6) * 1000
            os.utime(temporary, ns=(moment, moment))
    except FileNotFoundError as error:
        raise StoreError(f"Object store: {row.name} of run {row.run_id} is gone from it ({row.key}).") from error


def read_attempt_marker(folder: Path) -> int | None:
    """Return which attempt last wrote the folder; None if it is older than the use of the store."""
    try:
        return int((folder / ATTEMPT_MARKER).read_text())
    except (FileNotFoundError, ValueError):
        return None


def write_attempt_marker(folder: Path, attempt: int) -> None:
    """Mark the folder as written by this attempt; 0: it is a copy of what is stored. Raises OSError."""
    atomic_files.write(folder / ATTEMPT_MARKER, str(attempt).encode())


def is_here(row: StoredFile, folder: Path) -> bool:
    """Return whether the folder has that version of the file."""
    try:
        status = (folder / row.name).stat(follow_symlinks=False)
    except OSError:
        return False
    return status.st_size == row.size and datetime.fromtimestamp(status.st_mtime, UTC) == row.modified


def orphans() -> Iterator[str]:
    """Yield keys that no row names and that are a day old: of lost workers, refused uploads, deleted runs."""
    limit = timezone.now() - ORPHAN_AGE
    page: list[str] = []
    for key, stored_at in store.bucket().objects():
        if stored_at < limit:
            page.append(key)
        if len(page) == 1000:
            yield from _unnamed(page)
            page = []
    yield from _unnamed(page)


class Part(io.RawIOBase):
    """A file-like object of `size` bytes that can be read at any place."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self._size, self._at = size, 0

    def fetch(self, start: int, size: int) -> bytes:
        """Read `size` bytes (above 0) from `start` on."""
        raise NotImplementedError

    def readable(self) -> bool:
        """Return true: it can be read."""
        return True

    def seekable(self) -> bool:
        """Return true: it can be read at any place."""
        return True

    def tell(self) -> int:
        """Return the position."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Set the position and return it."""
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = max(0, start + offset)
        return self._at

    def readinto(self, buffer: Any) -> int:
        """Read the next bytes into the buffer; return how many."""
        size = min(len(buffer), self._size - self._at)
        piece = self.fetch(self._at, size) if size > 0 else b""
        buffer[: len(piece)] = piece
        self._at += len(piece)
        return len(piece)


class Beginning(Part):
    """The first `size` bytes of an open file, however much is appended to it."""

    def __init__(self, descriptor: int, size: int) -> None:
        super().__init__(size)
        self._descriptor = descriptor

    def fetch(self, start: int, size: int) -> bytes:
        """Read from the file without moving its position."""
        return os.pread(self._descriptor, size, start)


class Remote(Part):
    """An object in the store."""

    def __init__(self, key: str, size: int) -> None:
        super().__init__(size)
        self._key = key

    def fetch(self, start: int, size: int) -> bytes:
        """Read a part of the object. Raises StoreError."""
        return store.bucket().part(self._key, start, size)


def _new_key(run: Run, name: str) -> str:
    """Return the key of a new version of the file."""
    safe = re.sub(r"[^A-Za-z0-9._-]", "_", Path(name).name)[-100:]
    return f"{run.pk}/a{run.attempt}/{secrets.token_hex(8)}/{safe}"


def _row(run_id: int, name: str) -> StoredFile:
    row = StoredFile.objects.filter(run_id=run_id, name=name).first() if is_public_name(name) else None
    if row is None:
        raise FileNotFoundError(name)
    return row


def _is_older(file: RunFile, row: StoredFile | None, attempt: int) -> bool:
    """Return whether a web process has stored a newer version than that of the folder."""
    if row is None or row.modified <= file.modified:
        return False
    return file.name == WRITTEN_ANYWHERE or (file.name in CHANGED_ANYWHERE and row.attempt == attempt)


def _is_due(file: RunFile, row: StoredFile | None, *, everything: bool) -> bool:
    if row is not None and (row.size, row.modified) == (file.size, file.modified):
        return False
    if everything or row is None:
        return everything or not file.name.endswith(CHECKPOINT)
    large = file.name.endswith(LOG) and row.size > SMALL_LOG
    return not file.name.endswith(CHECKPOINT) and not (large and file.size < row.size * 1.1)


def _record(run: Run, name: str, row: dict[str, Any], statuses: Collection[str]) -> str | None:
    """Write the version's row and return the key it replaces; if fenced, remove the version and raise Fenced."""
    with transaction.atomic():
        newest = Run.objects.select_for_update().filter(pk=run.pk, attempt=run.attempt, status__in=statuses).first()
        former = StoredFile.objects.filter(run=run, name=name).values_list("key", flat=True).first()
        if newest is not None:
            StoredFile.objects.update_or_create(run=run, name=name, defaults=row)
    if newest is None:
        store.bucket().remove(row["key"])
        raise Fenced(f"run {run.pk}: attempt {run.attempt} may no longer store files")
    return former


def _unnamed(keys: list[str]) -> list[str]:
    named = set(StoredFile.objects.filter(key__in=keys).values_list("key", flat=True))
    return [key for key in keys if key not in named]
