"""What both clients tell httpx2, and how they take its answers."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

import httpx2

from livetrain.address import Address
from livetrain.errors import LivetrainError, Misconfigured
from livetrain.wire import Answer, Failure, Request

C = TypeVar("C")
PIECE = 1 << 16
CONNECT_SECONDS, READ_SECONDS = 10.0, 30.0
SENT_NOTHING = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout, httpx2.UnsupportedProtocol)


def opened(kind: type[C], address: Address) -> C:
    """Make a client of httpx2 for a server.

    Raises:
        Misconfigured: its address, or what the environment says of proxies and certificates, is wrong.
    """
    try:
        return kind(**options(address))
    except (ValueError, OSError, ImportError, httpx2.InvalidURL) as error:
        raise Misconfigured(
            f"{address.url} cannot be reached: {error}. Look at this address, and at the variables HTTP_PROXY, "
            "HTTPS_PROXY, ALL_PROXY and SSL_CERT_FILE."
        ) from None


def options(address: Address) -> dict[str, Any]:
    """Return what a client of httpx2 is made with: it goes to that server alone, and never on to another."""
    return {
        "base_url": address.url,
        "headers": {"Authorization": f"Token {address.token}", "Accept": "application/json, */*;q=0.5"},
        "timeout": httpx2.Timeout(READ_SECONDS, connect=CONNECT_SECONDS),
        "follow_redirects": False,
    }


def arguments(request: Request) -> dict[str, Any]:
    """Return what `stream` is called with."""
    kind = {} if request.body is None else {"Content-Type": "application/json"}
    return {
        "method": request.method,
        "url": request.path.lstrip("/"),
        "params": {name: value for name, value in request.parameters.items() if value is not None},
        "content": request.content if request.body is None else _as_json(request.body),
        "headers": kind | dict(request.headers),
        "timeout": httpx2.Timeout(READ_SECONDS + request.seconds, connect=CONNECT_SECONDS),
    }


def answer(response: httpx2.Response, content: bytes) -> Answer:
    """Take what a response said."""
    return Answer(response.status_code, content, response.headers)


def created(path: Path) -> BinaryIO:
    """Open a file that was not there: nobody's link is followed."""
    path.unlink(missing_ok=True)
    return path.open("xb")


def failure(error: httpx2.RequestError) -> Failure:
    """Say why no answer came."""
    reason = f"The server does not answer: {str(error) or type(error).__name__}."
    return Failure(reason, may_have_arrived=not isinstance(error, SENT_NOTHING))


def _as_json(body: Any) -> bytes:
    try:
        return json.dumps(body, allow_nan=False, default=_plain).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise LivetrainError(f"What was given cannot be sent as JSON: {error}.") from None


def _plain(value: Any) -> Any:
    """Return what JSON has for a path, and for NumPy's numbers and arrays."""
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"it has no {type(value).__name__}")
