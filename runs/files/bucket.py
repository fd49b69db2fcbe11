"""A bucket of an S3-compatible object store: django-storages' back-end, limited to what never buffers a whole file.

Loaded by its name in the setting STORAGES, and only then: boto3 costs time and memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import cached_property
from typing import Any, BinaryIO, cast

from boto3.exceptions import Boto3Error
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    PartialCredentialsError,
    ReadTimeoutError,
)
from storages.backends.s3 import S3Storage

from runs.files.store import StoreError

CONNECT_SECONDS = 5.0
SILENCE_SECONDS = 20.0  # of a store that has accepted a request
MISSING = ("NoSuchKey", "404")
CURES = {
    "AccessDenied": "the key may not do that; give it the rights that docs/how-to/object-storage.md lists",
    "403": "the key may not do that; give it the rights that docs/how-to/object-storage.md lists",
    "InvalidAccessKeyId": "AWS_ACCESS_KEY_ID is not known there",
    "SignatureDoesNotMatch": "AWS_SECRET_ACCESS_KEY is not that of AWS_ACCESS_KEY_ID",
    "ExpiredToken": "AWS_SESSION_TOKEN has expired",
    "NoSuchBucket": "there is no such bucket; create it, or correct LIVETRAIN_FILES",
    "RequestTimeTooSkewed": "this machine's clock is wrong; keep it by NTP",
    "PermanentRedirect": "the bucket is in another region; set AWS_DEFAULT_REGION",
    "AuthorizationHeaderMalformed": "the bucket is in another region; set AWS_DEFAULT_REGION",
}


class Bucket(S3Storage):  # type: ignore[misc]  # django-storages has no types
    """A bucket whose keys are relative to the prefix; each call tries twice, then raises StoreError."""

    def __init__(self, **options: Any) -> None:
        config = Config(
            connect_timeout=CONNECT_SECONDS,
            read_timeout=SILENCE_SECONDS,
            retries={"total_max_attempts": 2, "mode": "standard"},
            max_pool_connections=32,
            # Newer checksums are unknown to many stores; what comes back is compared with our own sha256.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
            s3={"addressing_style": options["addressing_style"]},
        )
        super().__init__(**options, client_config=config, transfer_config=TransferConfig(use_threads=False))

    def put(self, key: str, file: Any, media_type: str) -> None:
        """Store the content of `file`; large ones are sent in parts, and appear whole or not at all."""
        with _in_words(f"{key} could not be stored"):
            extra = {"ContentType": media_type}
            self._client.upload_fileobj(
                file, self.bucket_name, self._full(key), ExtraArgs=extra, Config=self.transfer_config
            )

    def read(self, key: str) -> BinaryIO:
        """Open the object, to be read piece by piece and closed. Raises FileNotFoundError too."""
        with _in_words(f"{key} could not be read"):
            try:
                return cast(BinaryIO, self._client.get_object(Bucket=self.bucket_name, Key=self._full(key))["Body"])
            except ClientError as error:
                if _code(error) in MISSING:
                    raise FileNotFoundError(key) from error
                raise

    def pieces(self, key: str, size: int) -> Iterator[bytes]:
        """Yield the object in pieces of `size` bytes. Raises FileNotFoundError too."""
        body = self.read(key)
        try:
            with _in_words(f"{key} could not be read"):
                while piece := body.read(size):
                    yield piece
        finally:
            body.close()

    def part(self, key: str, start: int, size: int) -> bytes:
        """Read `size` bytes (above 0) of the object from `start` on."""
        with _in_words(f"{key} could not be read"):
            asked = {"Key": self._full(key), "Range": f"bytes={start}-{start + size - 1}"}
            return cast(bytes, self._client.get_object(Bucket=self.bucket_name, **asked)["Body"].read())

    def remove(self, key: str) -> None:
        """Remove the object; it is no error if there is none."""
        with _in_words(f"{key} could not be removed"):
            self._client.delete_object(Bucket=self.bucket_name, Key=self._full(key))

    def objects(self, start: str = "") -> Iterator[tuple[str, datetime]]:
        """Yield all keys that begin with `start`, each with the time at which it was stored."""
        prefix = f"{self.location.strip('/')}/" if self.location else ""
        with _in_words("the bucket could not be listed"):
            for page in self._client.get_paginator("list_objects_v2").paginate(
                Bucket=self.bucket_name, Prefix=prefix + start
            ):
                for entry in page.get("Contents", []):
                    yield entry["Key"].removeprefix(prefix), entry["LastModified"]

    @cached_property
    def _client(self) -> Any:
        """The store's client, which threads may share; boto3's resources may not be."""
        return self.connection.meta.client

    def _full(self, key: str) -> str:
        return str(self._normalize_name(key))


@contextmanager
def _in_words(what: str) -> Iterator[None]:
    try:
        yield
    except (BotoCoreError, ClientError, Boto3Error, ValueError) as error:
        raise StoreError(f"Object store: {what}: {_why(error)}.") from error


def _why(error: Exception) -> str:
    """Explain an error; of a ClientError only the code, as the rest of a store's message may contain keys."""
    if isinstance(error, ClientError):
        return CURES.get(_code(error), f"it answered {_code(error)!r}")
    if isinstance(error, NoCredentialsError | PartialCredentialsError):
        return "no credentials were found; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
    if isinstance(error, EndpointConnectionError | ConnectTimeoutError | ReadTimeoutError):
        return "it does not answer; start it, open its port, or correct AWS_ENDPOINT_URL_S3"
    return f"{type(error).__name__}; run manage.py doctor to find out why"


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))
