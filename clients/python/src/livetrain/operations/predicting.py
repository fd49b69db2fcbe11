"""Predict with the model of a run: files and rows at once, in as many requests as it takes, and data in the queue."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import urlsplit

from livetrain.errors import LivetrainError
from livetrain.operations import jobs
from livetrain.operations.files import written
from livetrain.operations.runs import RUNS, get
from livetrain.wire import Operation, Request, ask

File: TypeAlias = "str | Path | tuple[str, bytes]"
Told: TypeAlias = Callable[[int, int], object]
FORM_BYTES = 1024  # of one file's name, and of the lines around it
SECONDS = 180  # the first prediction loads the model


def given(**ways: Any) -> tuple[str, Any]:
    """Return the one of these that was given, with its name; raises LivetrainError."""
    found = [(name, value) for name, value in ways.items() if value is not None]
    if len(found) != 1:
        raise LivetrainError(f"Give one of {', '.join(ways)}; got {' and '.join(name for name, _ in found) or 'none'}.")
    return found[0]


def files(run_id: int, chosen: Iterable[File], patience: float, told: Told | None) -> Operation[dict[str, Any]]:
    """Predict files, in their order; one that is too large for a request has a `problem`, as a damaged one has."""
    asked = [chosen] if isinstance(chosen, str | Path) else list(chosen)
    if not asked:
        raise LivetrainError("There are no files to predict.")
    model = yield from get(_path(run_id), patience, seconds=SECONDS)
    limits, items, done = model["limits"], [], 0
    for part in _parts(asked, limits):
        if isinstance(part, dict):
            items.append(part)
        else:
            answer = yield from _sent(run_id, part, patience)
            items += answer.pop("items")
            model = model | answer
        done = done + 1 if isinstance(part, dict) else done + len(part)
        if told:
            told(done, len(asked))
    return _result(model, items)


def rows(run_id: int, chosen: Any, patience: float, told: Told | None) -> Operation[dict[str, Any]]:
    """Predict rows, in their order: mappings of columns' names to values, or a DataFrame."""
    asked = [_plain(row) for row in (chosen.to_dict("records") if hasattr(chosen, "to_dict") else chosen)]
    if not asked:
        raise LivetrainError("There are no rows to predict.")
    model = yield from get(_path(run_id), patience, seconds=SECONDS)
    most, items = int(model["limits"]["rows"]), []
    for at in range(0, len(asked), most):
        request = Request("POST", _path(run_id), body={"rows": asked[at : at + most]}, again=False, seconds=SECONDS)
        answer = (yield from ask(request, patience)).json()
        numbered = answer.pop("items")
        items += [item | {"name": _name(item["name"], at)} for item in numbered]
        model = model | answer
        if told:
            told(len(items), len(asked))
    return _result(model, items)


def data(
    run_id: int, source: str, patience: float, timeout: float | None, told: Told | None
) -> Operation[dict[str, Any]]:
    """Have a worker predict a data set, and return the job when it has ended, or as it is after `timeout` seconds."""
    request = Request("POST", _path(run_id), body={"source_path": source}, seconds=60)  # an equal one is not repeated
    queued = (yield from ask(request, patience)).json()
    path = urlsplit(queued["links"]["job"]).path
    until = jobs.moment_in(timeout)

    def tell(job: Mapping[str, Any]) -> None:
        if told and job["total"]:
            told(job["done"], job["total"])

    job = yield from get(path, patience)
    return (yield from jobs.followed(job, path, until, patience, told=tell))


def download(job: Mapping[str, Any], folder: Path, patience: float) -> Operation[list[Path]]:
    """Write the files of a job's result into a folder, each whole or not at all; return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    made = []
    for file in job["files"]:
        target = folder / Path(file["name"]).name
        made.append((yield from written(urlsplit(file["link"]).path, target, patience)))
    return made


def _parts(chosen: Sequence[File], limits: Mapping[str, int]) -> Iterator[list[tuple[str, bytes]] | dict[str, Any]]:
    """Yield what fits into one request, or an item that says why a file fits into none; few are in memory at once."""
    part: list[tuple[str, bytes]] = []
    room = limits["bytes"]
    for one in chosen:
        name, content = _content(one)
        needed = len(content) + len(name.encode()) + FORM_BYTES
        if part and (needed > room or len(part) >= limits["files"]):
            yield part
            part, room = [], limits["bytes"]
        if needed > limits["bytes"]:
            yield _too_large(name, len(content), limits["bytes"])
            continue
        part.append((name, content))
        room -= needed
    if part:
        yield part


def _content(one: File) -> tuple[str, bytes]:
    if isinstance(one, tuple):
        return one
    try:
        return str(one), Path(one).read_bytes()
    except OSError as error:
        raise LivetrainError(f"{one} cannot be read: {error.strerror}.") from error


def _too_large(name: str, size: int, limit: int) -> dict[str, Any]:
    nothing = dict.fromkeys(("predicted", "logit", "logits", "score", "scores", "probability", "probabilities", "read"))
    problem = f"It has {size:,} bytes, and a request may have {limit:,}. Upload it in a data set, and predict that."
    return {"name": name, "problem": problem, **nothing}


def _sent(run_id: int, part: Sequence[tuple[str, bytes]], patience: float) -> Operation[dict[str, Any]]:
    kind, content = form(part)
    # A file that ends the server's process would do so again.
    request = Request(
        "POST", _path(run_id), content=content, headers={"Content-Type": kind}, again=False, seconds=SECONDS
    )
    return dict((yield from ask(request, patience)).json())


def form(part: Sequence[tuple[str, bytes]]) -> tuple[str, bytes]:
    """Write files as a form; return its media type and its bytes."""
    boundary = secrets.token_hex(16)
    pieces = []
    for name, content in part:
        quoted = name.replace("\\", "/").translate({34: "%22", 13: "%0D", 10: "%0A"})
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="files"; filename="{quoted}"\r\n'
        pieces += [f"{head}Content-Type: application/octet-stream\r\n\r\n".encode(), content, b"\r\n"]
    return f"multipart/form-data; boundary={boundary}", b"".join([*pieces, f"--{boundary}--\r\n".encode()])


def _plain(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row in which what is no number, as pandas has it where a cell is empty, is None."""
    return {str(name): None if value is None or value != value else value for name, value in row.items()}  # noqa: PLR0124


def _name(name: str, before: int) -> str:
    """Count a row on from those of earlier requests."""
    word, _, number = name.rpartition(" ")
    return f"{word} {int(number) + before}" if before and number.isdecimal() else name


def _result(model: Mapping[str, Any], items: list[dict[str, Any]]) -> dict[str, Any]:
    left_out = ("limits", "columns", "column_count", "size", "channels")
    return {name: value for name, value in model.items() if name not in left_out} | {"items": items}


def _path(run_id: int) -> str:
    return f"{RUNS}{run_id}/predict/"
