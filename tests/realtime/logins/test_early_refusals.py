"""A login for which there is no room is answered without a thread and without the database."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from project.http_application import HTTPApplication
from realtime.logins import throttled_backend

HERE, THERE = "192.0.2.7", "192.0.2.8"
PROTECTION = ("Content-Security-Policy", "X-Frame-Options", "X-Content-Type-Options", "Referrer-Policy")


async def asked(method: str, path: str, address: str = HERE) -> tuple[int, dict[str, str], bytes]:
    """Ask without a database, which pytest then forbids; None waits for a thread either."""
    arriving: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    arriving.put_nowait({"type": "http.request", "body": b"username=ada&password=x"})
    sent: list[Mapping[str, Any]] = []

    async def send(message: Mapping[str, Any]) -> None:
        sent.append(message)

    headers = [(b"host", b"localhost"), (b"content-type", b"application/x-www-form-urlencoded")]
    scope = {"type": "http", "method": method, "path": path, "query_string": b"", "headers": headers}
    await asyncio.wait_for(HTTPApplication()(scope | {"client": (address, 1)}, arriving.get, send), 20)
    found = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], found, b"".join(one.get("body", b"") for one in sent[1:])


@pytest.mark.parametrize("path", ["/login/", "/admin/login/"])
async def test_where_there_is_no_room(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(throttled_backend.turns, "has_room", lambda address: address != HERE)
    status, headers, body = await asked("POST", path)
    assert (status, headers["Retry-After"]) == (429, "5")
    assert b"Nothing is wrong with yours" in body
    assert b"loginlink" not in body, "who waits for seconds needs no link"
    assert [name for name in PROTECTION if name not in headers] == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("method", "path", "address"), [("GET", "/login/", HERE), ("POST", "/login/", THERE)])
async def test_all_else_is_answered_as_ever(
    method: str, path: str, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(throttled_backend.turns, "has_room", lambda address: address != HERE)
    assert (await asked(method, path, address))[0] == {"GET": 200, "POST": 403}[method]  # the form has no CSRF token
