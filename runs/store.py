"""The one door to the object store, if `LIVETRAIN_FILES` names one; nothing of boto3 is loaded before it is opened."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, BinaryIO, Protocol, cast

from django.conf import settings
from django.core.files.storage import storages


class StoreError(OSError):
    """The store did not do it, as a sentence that says what to do and shows no secret."""


class Bucket(Protocol):
    """A bucket of the store, as `runs.bucket` has it; keys are relative to the prefix. Each call raises StoreError."""

    def put(self, key: str, file: Any, media_type: str) -> None:
        """Store what `file` has."""

    def read(self, key: str) -> BinaryIO:
        """Open the object, to be closed by the caller. Raises FileNotFoundError too."""

    def pieces(self, key: str, size: int) -> Iterator[bytes]:
        """Yield the object in pieces of `size` bytes. Raises FileNotFoundError too."""

    def part(self, key: str, start: int, size: int) -> bytes:
        """Read those bytes of the object, `size` above 0."""

    def remove(self, key: str) -> None:
        """Remove the object if it is there."""

    def objects(self, start: str = "") -> Iterator[tuple[str, datetime]]:
        """Yield all keys that start so, each with the time at which it was stored."""


def in_use() -> bool:
    """Whether files of runs belong into an object store; else they stay in the shared folder."""
    return "runs" in settings.STORAGES


def bucket() -> Bucket:
    """May be used by several threads at once. Its first call in a process takes some tenths of a second."""
    return cast(Bucket, storages["runs"])


def address(key: object = "") -> str:
    """Where something lies, for people."""
    return "/".join(filter(None, ("s3:/", settings.FILES_BUCKET, settings.FILES_PREFIX, str(key))))
