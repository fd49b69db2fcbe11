"""Requests and answers as values, and operations: generators that yield what is to be done and get what came of it.

An operation knows nothing of sockets. A client carries it out, one that blocks or one that awaits, so that both do the
same: they ask again after the same failures, and neither loses an event.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

from livetrain.errors import LivetrainError, ServerUnreachable, refused

Parameters: TypeAlias = Mapping[str, "str | int | float | None"]

FIRST_PAUSE, LONGEST_PAUSE = 0.25, 10.0
AGAIN_AFTER = frozenset({429, 502, 503, 504})
"""Statuses of a server, or of a proxy before it, that may do better in a moment."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request to the server.

    Attributes:
        path: from the server's root on, without parameters.
        parameters: of the address; None leaves one out.
        body: sent as JSON; None sends none.
        content: bytes that are sent as they are, in place of `body`.
        again: whether the same request sent twice does the same as once.
        seconds: how much longer than usual the server may take for its answer.
        into: a file that gets the body in place of the answer's `content`.
    """

    method: str
    path: str
    parameters: Parameters = field(default_factory=dict)
    body: Any = None
    content: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    again: bool = True
    seconds: float = 0.0
    into: Path | None = None


@dataclass(frozen=True, slots=True)
class Pause:
    """Wait so many seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server answered."""

    status: int
    content: bytes
    headers: Mapping[str, str]

    def json(self) -> Any:
        """Return the body's JSON."""
        try:
            return json.loads(self.content)
        except ValueError:
            raise LivetrainError(
                f"What answered is no Livetrain server: status {self.status}, and no JSON. Is the address right?"
            ) from None


@dataclass(frozen=True, slots=True)
class Failure:
    """No answer came: why, and whether the request may have reached the server."""

    reason: str
    may_have_arrived: bool


T = TypeVar("T")
Step: TypeAlias = "Request | Pause"
Result: TypeAlias = "Answer | Failure | None"
Operation: TypeAlias = Generator[Step, Result, T]


def ask(request: Request, patience: float) -> Operation[Answer]:
    """Send a request, again while the server cannot be reached or is busy, for `patience` seconds.

    What could do something twice is sent again only where it has not arrived.

    Raises:
        RequestError: the server refused it.
        ServerUnreachable: nobody answered.
    """
    waited, pause = 0.0, FIRST_PAUSE
    while True:
        began = time.monotonic()
        got = yield request
        if isinstance(got, Answer):
            if got.status < 300:
                return got
            if got.status not in AGAIN_AFTER or not (request.again or got.status == 429):
                raise _refusal(got)
            told = _retry_after(got)
        else:
            if got is None:
                raise TypeError("A request is carried out before the operation goes on.")
            if got.may_have_arrived and not request.again:
                raise ServerUnreachable(
                    f"{got.reason} The request may have reached the server: look before it is sent again."
                )
            if waited:  # it was asked again, and said nothing for all that time
                waited += time.monotonic() - began
            told = None
        # A part of chance keeps many clients from coming back at one moment.
        seconds = pause * random.uniform(0.5, 1.0) if told is None else told  # noqa: S311
        if waited + seconds > patience:
            raise _refusal(got) if isinstance(got, Answer) else ServerUnreachable(got.reason)
        yield Pause(seconds)
        waited, pause = waited + seconds, min(2 * pause, LONGEST_PAUSE)


def _retry_after(answer: Answer) -> float | None:
    """Return the seconds that a busy server asks for; none at all would be a storm of requests."""
    text = answer.headers.get("retry-after", "")
    return max(float(text), FIRST_PAUSE) if text.isascii() and text.isdigit() else None


def _refusal(answer: Answer) -> LivetrainError:
    try:
        said = json.loads(answer.content)
    except ValueError:
        said = {}
    if 300 <= answer.status < 400:
        to = answer.headers.get("location", "elsewhere")
        said = {"detail": f"The server sends requests on to {to}. Give the client that address."}
    said = said if isinstance(said, dict) else {}
    return refused(answer.status, {"request_id": answer.headers.get("x-request-id"), **said})
