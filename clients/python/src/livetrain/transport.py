"""What both clients tell httpx2, and how they take its answers."""

from __future__ import annotations

from typing import Any

import httpx2

from livetrain.address import Address
from livetrain.wire import Answer, Failure, Request

PIECE = 1 << 16
CONNECT_SECONDS, READ_SECONDS = 10.0, 30.0
SENT_NOTHING = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout, httpx2.UnsupportedProtocol)


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
    return {
        "method": request.method,
        "url": request.path.lstrip("/"),
        "params": {name: value for name, value in request.parameters.items() if value is not None},
        "json": request.body,
        "content": request.content,
        "headers": dict(request.headers),
        "timeout": httpx2.Timeout(READ_SECONDS + request.seconds, connect=CONNECT_SECONDS),
    }


def answer(response: httpx2.Response, content: bytes) -> Answer:
    """Take what a response said."""
    return Answer(response.status_code, content, response.headers)


def failure(error: httpx2.TransportError) -> Failure:
    """Say why no answer came."""
    reason = f"The server does not answer: {str(error) or type(error).__name__}."
    return Failure(reason, may_have_arrived=not isinstance(error, SENT_NOTHING))
