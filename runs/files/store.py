"""The only access to the object store, if `LIVETRAIN_FILES` names one; boto3 is loaded when it is first used."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, BinaryIO, Protocol, cast

from django.conf import settings
from django.core.files.storage import storages


class StoreError(OSError):
    """A failure of the object store, as a sentence that says what to do and shows no secret."""


class Bucket(Protocol):
    """A bucket of the store, as in `runs.files.bucket`; keys are relative to the prefix. Calls raise StoreError."""

    def put(self, key: str, file: Any, media_type: str) -> None:
        """Store the content of `file`."""

    def read(self, key: str) -> BinaryIO:
        """Open the object, to be closed by the caller. Raises FileNotFoundError too."""

    def pieces(self, key: str, size: int) -> Iterator[bytes]:
        """Yield the object in pieces of `size` bytes. Raises FileNotFoundError too."""

    def part(self, key: str, start: int, size: int) -> bytes:
        """Read `size` bytes (above 0) of the object from `start` on."""

    def remove(self, key: str) -> None:
        """Remove the object if it is there."""

    def objects(self, start: str = "") -> Iterator[tuple[str, datetime]]:
        """Yield all keys that begin with `start`, each with the time at which it was stored."""


def in_use() -> bool:
    """Return whether files of runs belong in an object store; otherwise they stay in the shared folder."""
    return "runs" in settings.STORAGES


def bucket() -> Bucket:
    """Return the bucket, which several threads may use; the first call in a process takes some tenths of a second."""
    return cast(Bucket, storages["runs"])


def address(key: object = "") -> str:
    """Return where something is stored, for people."""
    return "/".join(filter(None, ("s3:/", settings.FILES_BUCKET, settings.FILES_PREFIX, str(key))))
