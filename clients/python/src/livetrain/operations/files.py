"""A run's files, each whole or not at all."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import quote

from livetrain.errors import LivetrainError
from livetrain.operations.runs import RUNS, get
from livetrain.wire import Operation, Request, ask

HOUR = 3_600


def files(run_id: int, patience: float) -> Operation[list[dict[str, Any]]]:
    """Return `name`, `size`, `modified`, `media_type` and `url` of each file."""
    found = yield from get(f"{RUNS}{run_id}/files/", patience)
    return list(found["files"] if isinstance(found, dict) else found)


def content(run_id: int, name: str, patience: float) -> Operation[bytes]:
    """Return a file's bytes."""
    answer = yield from ask(Request("GET", _path(run_id, name), seconds=HOUR), patience)
    return answer.content


def download(run_id: int, folder: Path, names: Iterable[str] | None, patience: float) -> Operation[list[Path]]:
    """Write files into a folder, which is made; return their paths.

    A file takes its name once it is whole: what is interrupted leaves none that is cut.

    Args:
        run_id: of which run.
        folder: where to write them.
        names: which ones; None: all.
        patience: how many seconds a server that does not answer is asked again.
    """
    if names is None:
        names = [one["name"] for one in (yield from files(run_id, patience))]
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name in names:
        written.append((yield from _download(run_id, name, folder, patience)))
    return written


def _download(run_id: int, name: str, folder: Path, patience: float) -> Operation[Path]:
    target = folder / _safe(name)
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{target.name}.part")
    try:
        yield from ask(Request("GET", _path(run_id, name), seconds=HOUR, into=part), patience)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    return target


def _path(run_id: int, name: str) -> str:
    return f"{RUNS}{run_id}/files/{quote(name)}"


def _safe(name: str) -> PurePosixPath:
    """Return a name that stays in the folder, whatever the server says."""
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\\" in name or ":" in name or not path.parts:
        raise LivetrainError(f"{name!r} is no name of a file that could be written here.")
    return path
