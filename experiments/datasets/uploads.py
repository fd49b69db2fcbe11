"""Receives a file in pieces, each of which is on disk before the next is asked for.

The offset in the database never runs ahead of the disk, so whatever breaks (connection, server, power), the upload
continues after the last whole piece. The web server takes a request's body whole before Django sees it (Daphne: into a
temporary file, then into memory; Django: into another temporary file), so a piece that breaks off is lost and a large
one costs memory: `PIECE_BYTES` is what clients should send, `PIECE_LIMIT` is what they may.
"""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import PurePath
from typing import Protocol

from django.conf import settings
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.utils import timezone

from access.models import Project
from audit.actor import acting_itself
from audit.recording import record
from experiments.datasets import checks, inspections, names, storage
from experiments.models import Dataset, Upload
from experiments.training.contract import source_forms
from experiments.training.contract.inspections import UPLOAD, OfContents
from experiments.training.contract.source_errors import SourceError
from runs.errors import InvalidRequest, NoRoom
from runs.quotas import room

PIECE_BYTES = 8 * 2**20
PIECE_LIMIT = 32 * 2**20
READ_BYTES = 2**20
OPEN_PER_USER = 20
IDLE = timedelta(days=7)


class Readable(Protocol):
    """The body of a request."""

    def read(self, size: int, /) -> bytes:
        """Return at most `size` bytes, none at the end."""


class WrongOffset(Exception):
    """The piece does not start where the last one ended: at `received`."""

    def __init__(self, received: int) -> None:
        super().__init__(f"The upload has {received:,} bytes; send what follows, with Upload-Offset: {received}.")
        self.received = received


class NotThatLong(Exception):
    """A piece reaches beyond the size that was announced, or is larger than pieces may be."""


def open_upload(
    owner: User, project: Project, *, filename: str, size: int, name: str | None = None, sha256: str = ""
) -> Upload:
    """Reserve a name in the project and room for a file; raises InvalidRequest, NoRoom and DiskFull."""
    expire()
    suffix = _suffix(filename)
    _check_size(owner, size)
    chosen = names.chosen(name, filename)
    upload = Upload(filename=filename, size=size, updated_at=timezone.now())
    files = room.files_of(project.pk)
    try:
        with transaction.atomic():
            room.require_room_for_file(project.pk, size, files)
            dataset = checks.begin_upload(chosen, f"{upload.pk.hex}/{chosen}{suffix}", owner, sha256, project.pk)
            upload.dataset = dataset
            upload.save()
    except IntegrityError:
        raise names.taken(chosen) from None
    try:
        storage.create(dataset)
    except OSError as error:
        drop(upload)
        raise NoRoom(f"The server cannot store uploads: {error.strerror}.") from error
    return upload


def append(upload: Upload, offset: int, body: Readable) -> Dataset | None:
    """Store a piece; the last one makes the data set, which is returned.

    Raises WrongOffset, NotThatLong and NoRoom, none of which changes what is stored, and InvalidRequest for a file that
    turned out hostile or broken; that one is removed.
    """
    with _writing(upload) as file:
        upload.refresh_from_db()
        if offset != upload.received:
            raise WrongOffset(upload.received)
        received = _write(file, offset, body, upload.size)
        if received < upload.size:
            Upload.objects.filter(pk=upload.pk).update(received=received, updated_at=timezone.now())
            upload.received = received
            record("upload.received", target=upload.dataset)
            return None
        return _complete(upload)


def drop(upload: Upload) -> None:
    """Remove an upload and all that was stored of it."""
    dataset = upload.dataset
    with transaction.atomic():
        if Dataset.objects.filter(pk=dataset.pk).delete()[0]:
            record("upload.dropped", target=dataset)
    storage.remove(dataset)


def expire() -> None:
    """Drop uploads that have received nothing for `IDLE`."""
    for upload in Upload.objects.filter(updated_at__lt=timezone.now() - IDLE).select_related("dataset"):
        with acting_itself():
            drop(upload)
    storage.remove_orphans()


def _suffix(filename: str) -> str:
    suffix = PurePath(filename).suffix.lower()
    if suffix not in source_forms.SUFFIXES:
        raise _refusal(
            "filename", f"Upload a {source_forms.LISTED} file; got {filename[:100]!r}. Pack a folder as a zip."
        )
    return suffix


def _check_size(owner: User, size: int) -> None:
    if size > settings.UPLOAD_LIMIT_BYTES:
        limit = f"{settings.UPLOAD_LIMIT_BYTES / 2**30:g} GiB"
        raise _refusal(
            "size", f"At most {limit} may be uploaded (LIVETRAIN_UPLOAD_LIMIT_GIB); register a folder instead."
        )
    if Upload.objects.filter(dataset__owner=owner).count() >= OPEN_PER_USER:
        raise _refusal("", f"You have {OPEN_PER_USER} unfinished uploads; finish or delete one first.")
    if size > (room := storage.room()):
        raise NoRoom(f"The server's disk has room for {max(0, room) / 2**30:.1f} GiB more; free some space first.")


@contextmanager
def _writing(upload: Upload) -> Iterator[int]:
    """Open the file of an upload for one writer: a client may return before its old request has ended."""
    try:
        file = os.open(upload.dataset.location, os.O_WRONLY | os.O_NOFOLLOW)
    except FileNotFoundError:
        drop(upload)
        raise Upload.DoesNotExist from None
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield file
    finally:
        os.close(file)


def _write(file: int, offset: int, body: Readable, size: int) -> int:
    """Write a piece safely to disk and return the offset behind it; undo a piece that does not fit."""
    end = offset
    try:
        while block := body.read(READ_BYTES):
            if end + len(block) > size:
                raise NotThatLong(f"The piece reaches beyond the announced size of {size:,} bytes.")
            if end + len(block) - offset > PIECE_LIMIT:
                raise NotThatLong(
                    f"A piece may have {PIECE_LIMIT:,} bytes; send smaller ones, e.g. of {PIECE_BYTES:,}."
                )
            end += _write_all(file, block, end)
        os.fsync(file)
    except OSError as error:
        os.ftruncate(file, offset)
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise NoRoom(
                f"The server's disk is full. {offset:,} bytes are safe: free some space, then go on."
            ) from error
        raise
    except NotThatLong:
        os.ftruncate(file, offset)
        raise
    return end


def _write_all(file: int, block: bytes, offset: int) -> int:
    view = memoryview(block)
    written = 0
    while written < len(block):
        written += os.pwrite(file, view[written:], offset + written)
    return written


def _complete(upload: Upload) -> Dataset:
    """Make the data set wait for its check; refuse a file whose faults show at once. Raises InvalidRequest."""
    dataset = upload.dataset
    try:
        inspections.refuse_faulty(_contents(dataset), dataset.owner_id, UPLOAD)
    except SourceError as error:
        drop(upload)
        raise _refusal("file", error.message) from error
    with transaction.atomic():
        checks.end_upload(dataset)
        Upload.objects.filter(pk=upload.pk).delete()
    return dataset


def _contents(dataset: Dataset) -> OfContents:
    """Ask for the file's table of contents alone; the rest is its check's."""
    return OfContents(path=str(dataset.location), roots=[str(root) for root in storage.roots_of(dataset)])


def _refusal(field: str, message: str) -> InvalidRequest:
    return InvalidRequest([{"field": field, "message": message}])
