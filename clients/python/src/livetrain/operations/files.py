"""A run's files, each whole or not at all."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import quote

from livetrain.errors import LivetrainError, NotFound
from livetrain.operations.runs import RUNS, get, listed
from livetrain.wire import Operation, Request, ask

SECONDS = 60  # without a byte: a file waits for its turn, and for a store


def files(run_id: int, patience: float) -> Operation[list[dict[str, Any]]]:
    """Return `name`, `size`, `modified`, `media_type` and `url` of each file."""
    found = yield from get(f"{RUNS}{run_id}/files/", patience)
    return list(found["files"] if isinstance(found, dict) else found)


def content(run_id: int, name: str, patience: float) -> Operation[bytes]:
    """Return a file's bytes."""
    answer = yield from ask(Request("GET", _path(run_id, name), seconds=SECONDS), patience)
    return answer.content


def download(run_id: int, folder: Path, names: str | Iterable[str] | None, patience: float) -> Operation[list[Path]]:
    """Write files into a folder, which is made; return their paths.

    A file takes its name once it is whole: what is interrupted leaves none that is cut.

    Args:
        run_id: of which run.
        folder: where to write them.
        names: which ones; None: all that are there.
        patience: how many seconds a server that does not answer is asked again.

    Raises:
        LivetrainError: a name, or a link in the folder, leads out of it.
    """
    found = [one["name"] for one in (yield from files(run_id, patience))] if names is None else listed(names)
    folder.mkdir(parents=True, exist_ok=True)
    made = []
    for name in found:
        try:
            made.append((yield from _download(run_id, name, folder, patience)))
        except NotFound:  # a training that goes on has replaced it since they were listed
            if names is not None:
                raise
    return made


def _download(run_id: int, name: str, folder: Path, patience: float) -> Operation[Path]:
    target = folder / _safe(name)
    if not target.parent.resolve().is_relative_to(folder.resolve()):
        raise LivetrainError(f"{target.parent} leads out of {folder} by a link: remove it, or choose another folder.")
    target.parent.mkdir(parents=True, exist_ok=True)
    return (yield from written(_path(run_id, name), target, patience))


def written(path: str, target: Path, patience: float, check: Callable[[Path], object] | None = None) -> Operation[Path]:
    """Download what is at a path of the server as that file, and return it; its folder is there.

    It takes its name once it is whole and `check`, which is given what was downloaded, raised nothing.
    """
    part = target.with_name(f".{secrets.token_hex(8)}.part")  # two downloads at once do not write into one
    try:
        yield from ask(Request("GET", path, seconds=SECONDS, into=part), patience)
        if check:
            check(part)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    return target


def _path(run_id: int, name: str) -> str:
    return f"{RUNS}{run_id}/files/{quote(name)}"


def _safe(name: str) -> PurePosixPath:
    """Return a name that stays in the folder, whatever the server says."""
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\\" in name or ":" in name or "\0" in name or not path.parts:
        raise LivetrainError(f"{name!r} is no name of a file that could be written here.")
    return path
