"""What the web server itself refuses is a problem too, with an identifier: its protocol, over a transport of tests."""

from __future__ import annotations

import http.client
import io
import json
from types import SimpleNamespace
from typing import Any

import pytest
from twisted.internet.testing import StringTransport

from experiments.datasets.uploads import PIECE_LIMIT
from experiments.server.body_limit import BoundedRequest
from realtime.wire.daphne_parts import http_protocol
from runs.problems import problem_types

PROBLEM, PAGE = "application/problem+json", "text/html; charset=utf-8"


def nothing(*_: Any, **__: Any) -> None:
    """Take what Daphne tells its server."""


# It makes no applications, so that a request fails where no application can answer it.
SERVER = SimpleNamespace(
    protocol_connected=nothing,
    protocol_disconnected=nothing,
    log_action=nothing,
    proxy_forwarded_address_header=None,
    root_path="",
    server_name="",
)


class Sock:
    """An answer as `http.client` reads it from a socket."""

    def __init__(self, answer: bytes) -> None:
        self._answer = answer

    def makefile(self, *_: Any) -> io.BytesIO:
        """Return what came."""
        return io.BytesIO(self._answer)


def answered(monkeypatch: pytest.MonkeyPatch, *lines: str) -> tuple[http.client.HTTPResponse, bytes]:
    """Send a request to Daphne's protocol; return its answer and the body."""
    monkeypatch.setattr(http_protocol, "WebRequest", BoundedRequest)
    transport: Any = StringTransport()  # type: ignore[no-untyped-call]
    factory = http_protocol.HTTPFactory(SERVER)
    factory.timeOut = None  # its clock is that of a reactor, which does not run here
    protocol = factory.buildProtocol(None)
    protocol.makeConnection(transport)
    protocol.dataReceived("\r\n".join([*lines, "Host: localhost", "", ""]).encode())
    response = http.client.HTTPResponse(Sock(transport.value()))  # type: ignore[arg-type]
    response.begin()
    return response, response.read()


@pytest.mark.parametrize(
    ("line", "header", "kind", "status"),
    [
        ("GET /api/runs/ HTTP/1.1", "Accept: */*", PROBLEM, 500),
        ("GET /login/ HTTP/1.1", "Accept: */*", PAGE, 500),
        ("POST /api/runs/tags/ HTTP/1.1", f"Content-Length: {PIECE_LIMIT + 1}", PROBLEM, 413),
    ],
)
def test_a_refused_request_has_the_identifier_of_its_client(
    monkeypatch: pytest.MonkeyPatch, line: str, header: str, kind: str, status: int
) -> None:
    response, body = answered(monkeypatch, line, header, "X-Request-ID: by-hand.1")
    assert (response.status, response.headers["Content-Type"]) == (status, kind)
    assert response.headers.get_all("X-Request-ID") == ["by-hand.1"]
    if kind == PROBLEM:
        problem = json.loads(body)
        assert problem["type"] == problem_types.PAGE + ("#server-error" if status == 500 else "#body-too-long")
        assert (problem["status"], problem["request_id"]) == (status, "by-hand.1")


def test_an_identifier_that_is_not_safe_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    response, body = answered(monkeypatch, "GET /api/ HTTP/1.1", "X-Request-ID: livetrain_" + "0" * 40)
    assert json.loads(body)["request_id"] == response.headers["X-Request-ID"]
    assert len(response.headers["X-Request-ID"]) == 32
