"""The one door to the object store, if `LIVETRAIN_FILES` names one; nothing of boto3 is loaded before it is opened."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from django.conf import settings
from django.core.files.storage import storages

if TYPE_CHECKING:
    from runs.bucket import Bucket


class StoreError(OSError):
    """The store did not do it, as a sentence that says what to do and shows no secret."""


def in_use() -> bool:
    """Whether files of runs belong into an object store; else they stay in the shared folder."""
    return "runs" in settings.STORAGES


def bucket() -> Bucket:
    """May be used by several threads at once. Its first call in a process takes some tenths of a second."""
    return cast("Bucket", storages["runs"])


def address(key: object = "") -> str:
    """Where something lies, for people."""
    return "/".join(filter(None, ("s3:/", settings.FILES_BUCKET, settings.FILES_PREFIX, str(key))))
