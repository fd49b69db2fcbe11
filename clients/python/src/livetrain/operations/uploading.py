"""Upload a file in pieces, each of which has arrived before the next is sent."""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import quote

from livetrain.errors import Conflict, LivetrainError, NotFound, ServerFault, ServerUnreachable
from livetrain.operations.runs import get
from livetrain.wire import AGAIN_AFTER, Operation, Pause, Request, ask

UPLOADS = "/api/datasets/uploads/"
PIECE = 8 << 20
LOOK_SECONDS = 1.0
CHECKED = frozenset({"ready", "refused"})
MOST_BREAKS = 20  # without a piece that arrived


def upload(
    path: Path,
    name: str | None,
    patience: float,
    told: Callable[[int, int], object] | None = None,
    project: str | int | None = None,
) -> Operation[dict[str, Any]]:
    """Upload a file as a data set, and return it. The server compares what arrived with the file's SHA-256.

    An upload of the same file, into the same project where one is named, that broke off earlier is continued.
    """
    size = path.stat().st_size
    if not size:
        raise LivetrainError(f"{path} is empty.")
    told = told or _nothing
    with path.open("rb") as file:
        state = yield from _opened(file, path.name, size, {"name": name, "project": project}, patience)
        breaks = 0
        while True:
            received = int(state["received"])
            told(received, size)
            file.seek(received)
            sent = yield from _piece(state, file.read(PIECE), patience)
            if "received" not in sent:  # the data set that it has become
                told(size, size)
                return sent
            breaks = 0 if sent["received"] > received else breaks + 1
            if breaks > MOST_BREAKS:
                raise ServerUnreachable(f"The upload breaks off at {received:,} bytes again and again.")
            state = sent


def checked(name: str, seconds: float | None, patience: float) -> Operation[dict[str, Any] | None]:
    """Wait until a data set was checked, and return it; None if that takes longer than `seconds`."""
    until = math.inf if seconds is None else time.monotonic() + seconds
    while True:
        found = yield from get(f"/api/datasets/{quote(name)}/", patience)
        if found["state"] in CHECKED:
            return dict(found)
        if (left := until - time.monotonic()) <= 0:
            return None
        yield Pause(min(LOOK_SECONDS, left))


def _opened(
    file: BinaryIO, filename: str, size: int, asked: Mapping[str, str | int | None], patience: float
) -> Operation[dict[str, Any]]:
    digest, name, project = _sha256(file), asked["name"], asked["project"]
    for one in (yield from get(UPLOADS, patience))["results"]:
        is_this_file = one.get("sha256") == digest and one["size"] == size
        if is_this_file and name in {None, one["name"]} and _is_in(project, one):
            return dict(one)
    given = {field: value for field, value in asked.items() if value is not None and value != ""}
    body = {"filename": filename, "size": size, "sha256": digest} | given
    return dict((yield from ask(Request("POST", UPLOADS, body=body, again=False), patience)).json())


def _is_in(project: str | int | None, upload: Mapping[str, Any]) -> bool:
    """Tell whether an upload goes into the project of that name or number; any does where none is named."""
    return project is None or str(project) in {str(upload.get(key)) for key in ("project", "project_id")}


def _piece(state: dict[str, Any], piece: bytes, patience: float) -> Operation[dict[str, Any]]:
    """Send a piece; where it is not known whether it arrived, ask how far the upload is."""
    path, headers = f"{UPLOADS}{state['id']}/", {"Upload-Offset": str(state["received"])}
    headers["Content-Type"] = "application/octet-stream"
    request = Request("PATCH", path, content=piece, headers=headers, again=False, seconds=600)
    try:
        return dict((yield from ask(request, patience)).json())
    except (ServerUnreachable, Conflict):
        pass
    except ServerFault as fault:  # a proxy says that the server is away, as it is while it is started again
        if fault.status not in AGAIN_AFTER:
            raise
        yield Pause(LOOK_SECONDS)
    try:
        return dict((yield from get(path, patience)))
    except NotFound:  # the last piece had arrived
        return dict((yield from get(f"/api/datasets/{quote(state['name'])}/", patience)))


def _sha256(file: BinaryIO) -> str:
    digest = hashlib.sha256()
    for piece in _pieces(file):
        digest.update(piece)
    return digest.hexdigest()


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    while piece := file.read(PIECE):
        yield piece


def _nothing(_received: int, _size: int) -> None: ...
