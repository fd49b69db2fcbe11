"""Take the model of a run out as a file: ask for it, wait until a worker has written it, and download it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from livetrain.errors import LivetrainError
from livetrain.operations import jobs
from livetrain.operations.files import written
from livetrain.operations.runs import RUNS
from livetrain.wire import Operation, Request, ask

LOOK_SECONDS = 0.5
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
    until = jobs.moment_in(timeout)
    while True:  # what is asked for a second time is the same file, or the same job
        answer = (yield from ask(Request("POST", f"{RUNS}{run_id}/model-files/", body=body), patience)).json()
        if answer["file"] is not None:
            return (yield from _downloaded(answer["file"], place, patience))
        yield from _ended(answer["job"], until, patience)


def _ended(job: Mapping[str, Any], until: float, patience: float) -> Operation[None]:
    """Wait for the end of a job."""
    path = urlsplit(job["links"]["self"]).path
    goes_on = f"The model of run {job['run_id']} is still being written: {path} says how far it is."
    job = yield from jobs.ended(job, path, until, patience, goes_on=goes_on, look_seconds=LOOK_SECONDS)
    if job["status"] != "done":
        raise LivetrainError(job["problem"] or f"The job that writes the model is {job['status']}.")


def _downloaded(file: Mapping[str, Any], place: Path, patience: float) -> Operation[Path]:
    target = place / Path(file["name"]).name if place.is_dir() or not place.suffix else place
    target.parent.mkdir(parents=True, exist_ok=True)

    def check(part: Path) -> None:
        if _sha256(part) != file["sha256"]:
            raise LivetrainError(f"{file['name']} was changed on its way or on the server: download it again.")

    return (yield from written(urlsplit(file["links"]["file"]).path, target, patience, check))


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            digest.update(piece)
    return digest.hexdigest()
