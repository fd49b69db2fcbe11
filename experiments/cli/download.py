"""Downloads one file: it is there whole and with the right checksum, or not at all; continues after a break."""

from __future__ import annotations

import hashlib
import http.client
import os
import shutil
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urlsplit

from experiments.training.data.files import file_locks

CHUNK_BYTES = 2**20
TIMEOUT_SECONDS = 60.0
AGAIN = "run the same command again, it continues from there"

Observe = Callable[[int, int | None], None]  # bytes so far, and all if the server says how many


class DownloadFailed(Exception):
    """Why there is no file, in a sentence for the user with the cure."""


def download(address: str, path: Path, *, md5: str, observe: Observe) -> bool:
    """Get `path` from `address`; False if it was there already. Raises DownloadFailed.

    What has arrived so far stays beside it in a hidden file, until everything has.
    """
    if urlsplit(address).scheme not in ("http", "https"):
        raise DownloadFailed(f"{address} is no http:// or https:// address.")
    if path.exists():
        if checksum(path) == md5:
            return False
        raise DownloadFailed(f"{path} exists and is another file (its MD5 is not {md5}); move it away first.")
    part = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with _alone(part) as file:
            _fill(file, address, md5, observe)
            os.fsync(file.fileno())
            part.replace(path)
    except (OSError, http.client.HTTPException) as error:
        raise DownloadFailed(f"{address}: {_words(error)}; {AGAIN}.") from error
    return True


def checksum(path: Path) -> str:
    """Return the MD5 of a file, which is what publishers give: it guards against damage, not against forgers."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


@contextmanager
def _alone(part: Path) -> Iterator[BinaryIO]:
    """Open the file for appending so that no second command writes it meanwhile; remove it if it stays empty."""
    with part.open("ab+") as file:
        if not file_locks.taken(file):
            raise DownloadFailed("The same file is being fetched by another command; wait for it.")
        try:
            yield file
        finally:
            if part.exists() and not part.stat().st_size:
                part.unlink()


def _fill(file: BinaryIO, address: str, md5: str, observe: Observe) -> None:
    """Get the rest of the file, and once more all of it if the rest does not fit what was there."""
    resumed = file.tell() > 0
    _get(file, address, observe)
    found = _digest(file)
    if found != md5 and resumed:
        file.truncate(0)
        _get(file, address, observe)
        found = _digest(file)
    if found != md5:
        file.truncate(0)
        raise DownloadFailed(
            f"What {address} sent has the MD5 {found} instead of {md5}: it is another file, or was damaged on its "
            "way. Nothing was kept; try again, or another address."
        )


def _get(file: BinaryIO, address: str, observe: Observe) -> None:
    have = file.seek(0, os.SEEK_END)
    request = urllib.request.Request(address, headers={"Range": f"bytes={have}-"} if have else {})  # noqa: S310  # http
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as response:  # noqa: S310  # http
            _take(file, response, have, observe)
    except urllib.error.HTTPError as error:
        if error.code != http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
            raise
        # Nothing is missing; the checksum shows whether it is right.


def _take(file: BinaryIO, response: http.client.HTTPResponse, have: int, observe: Observe) -> None:
    if have and not (response.headers.get("Content-Range") or "").startswith(f"bytes {have}-"):
        have = 0  # the server starts from the beginning
        file.truncate(0)
    length = response.headers.get("Content-Length")
    total = have + int(length) if length and length.isdecimal() else None
    _refuse_full_disk(Path(str(file.name)).parent, (total or 0) - have)
    while chunk := response.read(CHUNK_BYTES):
        file.write(chunk)
        have += len(chunk)
        observe(have, total)
    file.flush()
    if total is not None and have < total:
        raise DownloadFailed(f"The connection broke after {have:,} of {total:,} bytes; {AGAIN}.")


def _refuse_full_disk(folder: Path, needed: int) -> None:
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise DownloadFailed(f"{needed / 2**20:,.0f} MiB are missing and {folder} has {free / 2**20:,.0f} free.")


def _digest(file: BinaryIO) -> str:
    file.flush()
    return checksum(Path(str(file.name)))


def _words(error: Exception) -> str:
    if isinstance(error, urllib.error.HTTPError):
        return f"the server answered {error.code} {error.reason}"
    reason = getattr(error, "reason", error)
    return str(getattr(reason, "strerror", None) or reason or type(error).__name__)
