"""Take the model of a run out as a file: ask for it, wait until a worker has written it, and download it."""

from __future__ import annotations

import hashlib
import math
import secrets
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from livetrain.errors import LivetrainError, WaitedTooLong
from livetrain.operations.runs import RUNS, get
from livetrain.wire import Operation, Pause, Request, ask

SECONDS = 60  # without a byte
LOOK_SECONDS = 0.5
UNFINISHED = frozenset({"queued", "running"})
PIECE = 1 << 20


def export(
    run_id: int, place: Path, asked: Mapping[str, str | None], timeout: float | None, patience: float
) -> Operation[Path]:
    """Write the file into a folder, or as that file, and return its path.

    Raises:
        LivetrainError: there is none, and why; or its content is not what the server has hashed.
        WaitedTooLong: it is not written after `timeout` seconds.
    """
    body = {name: value for name, value in asked.items() if value is not None}
    until = math.inf if timeout is None else time.monotonic() + timeout
    while True:  # what is asked for a second time is the same file, or the same job
        answer = (yield from ask(Request("POST", f"{RUNS}{run_id}/model-files/", body=body), patience)).json()
        if answer["file"] is not None:
            return (yield from _downloaded(answer["file"], place, patience))
        yield from _ended(answer["job"], until, patience)


def _ended(job: Mapping[str, Any], until: float, patience: float) -> Operation[None]:
    """Wait for the end of a job."""
    path = urlsplit(job["links"]["self"]).path
    while job["status"] in UNFINISHED:
        if (left := until - time.monotonic()) <= 0:
            raise WaitedTooLong(f"The model of run {job['run_id']} is still being written: {path} says how far it is.")
        yield Pause(min(LOOK_SECONDS, left))
        job = yield from get(path, patience)
    if job["status"] != "done":
        raise LivetrainError(job["problem"] or f"The job that writes the model is {job['status']}.")


def _downloaded(file: Mapping[str, Any], place: Path, patience: float) -> Operation[Path]:
    target = place / Path(file["name"]).name if place.is_dir() or not place.suffix else place
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{secrets.token_hex(8)}.part")
    try:
        yield from ask(Request("GET", urlsplit(file["links"]["file"]).path, seconds=SECONDS, into=part), patience)
        if _sha256(part) != file["sha256"]:
            raise LivetrainError(f"{file['name']} was changed on its way or on the server: download it again.")
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    return target


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            digest.update(piece)
    return digest.hexdigest()
