"""What is done with runs, one operation each."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

from livetrain.errors import LivetrainError
from livetrain.wire import Operation, Parameters, Pause, Request, ask

TRAIN = "/api/experiments/centralized/train"
REPORTS = "/api/experiments/preflights/"
RUNS = "/api/runs/"
LONGEST_LOOK = 20  # seconds that the server waits for a dry run
LOOK_SECONDS = 1.0
LOOKING = frozenset({"queued", "running"})
PAGE = 200


def get(path: str, patience: float, parameters: Parameters | None = None, seconds: float = 0.0) -> Operation[Any]:
    """Return the JSON of an address."""
    answer = yield from ask(Request("GET", path, parameters or {}, seconds=seconds), patience)
    return answer.json()


def chosen(options: Mapping[str, Any] | None, project: str | int | None, more: Mapping[str, Any]) -> dict[str, Any]:
    """Return all options of a training: `more` over `options`, and the project over both where one is named."""
    return {**(options or {}), **more, **({} if project is None else {"project": project})}


def train(options: Mapping[str, Any], patience: float, key: str | None = None) -> Operation[dict[str, Any]]:
    """Queue a training; however often the request had to be sent, it makes one run."""
    headers = {"Idempotency-Key": key or uuid.uuid4().hex}
    answer = yield from ask(Request("POST", TRAIN, body=dict(options), headers=headers, seconds=60), patience)
    return dict(answer.json())


def check(options: Mapping[str, Any], patience: float, wait: float) -> Operation[dict[str, Any]]:
    """Let the server look at a request and its data, and return its report; nothing is trained.

    One that takes longer than `wait` seconds comes as it is then: its `report` is None.
    """
    until, now = time.monotonic() + wait, min(wait, LONGEST_LOOK)
    parameters: Parameters = {"dry_run": "true", "wait": int(now)}
    answer = yield from ask(
        Request("POST", TRAIN, parameters, body=dict(options), again=False, seconds=now + 60), patience
    )
    found = dict(answer.json())
    while found.get("status") in LOOKING and (left := until - time.monotonic()) > 0:
        yield Pause(min(LOOK_SECONDS, left))
        found = dict((yield from get(f"{REPORTS}{found['preflight_id']}/", patience)))
    return found


def detail(run_id: int, patience: float) -> Operation[dict[str, Any]]:
    """Return all that is known of a run."""
    return dict((yield from get(f"{RUNS}{run_id}/", patience)))


def act(run_id: int, action: str, patience: float, body: Mapping[str, Any] | None = None) -> Operation[dict[str, Any]]:
    """Do something with a run, as one of its links does."""
    request = Request("POST", f"{RUNS}{run_id}/{action}/", body=dict(body or {}), again=False, seconds=60)
    answer = yield from ask(request, patience)
    return dict(answer.json()) if answer.content else {}


def revise(run_id: int, fields: Mapping[str, str], patience: float) -> Operation[dict[str, Any]]:
    """Rename or describe a run."""
    answer = yield from ask(Request("PATCH", f"{RUNS}{run_id}/", body=dict(fields)), patience)
    return dict(answer.json())


def tag(run_id: int, add: Iterable[str], remove: str | Iterable[str], patience: float) -> Operation[None]:
    """Add tags to a run, and remove others."""
    body = {"runs": [run_id], "add": list(add), "remove": listed(remove)}
    answer = (yield from ask(Request("POST", f"{RUNS}tags/", body=body), patience)).json()
    for one in answer.get("results", []):
        if not one["ok"]:
            raise LivetrainError(f"Run {run_id}: {one['detail']}")


def compare(run_ids: Iterable[int], patience: float) -> Operation[dict[str, Any]]:
    """Return whether the AUROC of runs differs by more than chance explains."""
    parameters = {"runs": ",".join(map(str, run_ids))}
    return dict((yield from get(f"{RUNS}differences/", patience, parameters, seconds=60)))


def page(parameters: Parameters, patience: float) -> Operation[tuple[list[dict[str, Any]], str | None]]:
    """Return some lines of the list of runs, and the cursor of what follows; None at its end."""
    found = yield from get(RUNS, patience, {"page_size": PAGE, **parameters})
    following = found.get("next")
    cursor = parse_qs(urlsplit(following).query).get("cursor", [None])[0] if following else None
    return list(found["results"]), cursor


def address_of(path: str, parameters: Mapping[str, Any]) -> tuple[str, Parameters]:
    """Return a path of the API, and its parameters, some of which may stand behind its `?`.

    Raises:
        LivetrainError: it leads to another server.
    """
    parts = urlsplit(path)
    if parts.scheme or parts.netloc:
        raise LivetrainError(f"{path!r} is no path of the API, which begins with a slash: /api/queue/")
    return parts.path, dict(parse_qsl(parts.query, keep_blank_values=True)) | as_parameters(parameters)


def listed(names: str | Iterable[str]) -> list[str]:
    """Return names as a list; a single one is no list of its letters."""
    return [names] if isinstance(names, str) else list(names)


def as_parameters(filters: Mapping[str, Any]) -> dict[str, str | int | float | None]:
    """Return filters as parameters of an address: several values with commas, true and false as 1 and 0."""
    return {name: _as_text(value) for name, value in filters.items() if value is not None}


def _as_text(value: Any) -> str | int | float:
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, str | int | float):
        return value
    if isinstance(value, Iterable):
        return ",".join(str(one).replace("\\", "\\\\").replace(",", "\\,") for one in value)
    if isinstance(value, datetime):  # without a zone it is local time, as everywhere in Python
        return (value if value.tzinfo else value.astimezone()).isoformat()
    return str(value.isoformat() if hasattr(value, "isoformat") else value)
