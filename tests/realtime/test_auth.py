"""Who may open a socket, from where; and that credentials stay out of the log."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.db import InterfaceError
from django.test import Client
from pytest_django.fixtures import Settings
from websockets.asyncio.client import connect

from realtime import auth
from realtime.auth import is_ours
from realtime.wire.close_codes import NO_LOGIN, Refused
from runs.failures import thread_failures
from runs.models import Run
from tests.realtime.listening import close_code, code_of_close, frame
from tests.realtime.writing import in_thread, new_user, running_run
from tests.servers import WebServer

SESSION_COOKIE_NAME = "sessionid"
FOREIGN = "http://evil.example"


@pytest.fixture
def run(owner: User) -> Run:
    return running_run(owner)


@pytest.fixture
def session(owner: User) -> dict[str, str]:
    """Make the cookie of a browser in which `owner` is logged in."""
    client = Client()
    client.force_login(owner)
    return {"Cookie": f"{SESSION_COOKIE_NAME}={client.cookies[SESSION_COOKIE_NAME].value}"}


@pytest.fixture
def path(run: Run) -> str:
    return f"/ws/runs/{run.pk}/"


async def accepted(server: WebServer, path: str, headers: dict[str, str]) -> bool:
    """Check that the socket gets events."""
    async with connect(server.websocket_url + path, additional_headers=headers, proxy=None) as opened:
        return (await frame(opened))[0]["type"] in ("run_status", "run_summary")


async def refused(server: WebServer, path: str, headers: dict[str, str]) -> int:
    return await close_code(server, path, additional_headers=headers)


@pytest.mark.parametrize("list_or_run", ["/ws/runs/", None])
async def test_session_with_own_origin(
    server: WebServer, path: str, session: dict[str, str], list_or_run: str | None
) -> None:
    assert await accepted(server, list_or_run or path, session | {"Origin": server.url})


@pytest.mark.parametrize(
    "origin",
    [
        pytest.param(lambda port: FOREIGN, id="foreign"),
        pytest.param(lambda port: "null", id="null"),
        pytest.param(lambda port: f"http://127.0.0.1:{port + 1}", id="other port"),
        pytest.param(lambda port: f"http://localhost:{port}", id="other name"),
        pytest.param(lambda port: f"file://127.0.0.1:{port}", id="scheme"),
    ],
)
async def test_session_with_another_origin(
    server: WebServer, path: str, session: dict[str, str], origin: Callable[[int], str]
) -> None:
    assert await refused(server, path, session | {"Origin": origin(server.port)}) == 4403


@pytest.mark.parametrize(
    ("origin", "host", "ours"),
    [
        ("http://localhost:8000", "localhost:8000", True),
        ("http://LOCALHOST:8000", "localhost:8000", True),
        ("http://[::1]:8000", "[::1]:8000", True),
        ("http://localhost:8000.evil.example", "localhost:8000", False),
        ("http://localhost:8000@evil.example", "localhost:8000", False),
        ("http://[", "[", False),
        ("http://", "", False),
        ("", "", False),
        ("http://evil.example", "evil.example", False),
        ("https://lab.example", "10.0.0.7:8000", True),
        ("http://lab.example", "10.0.0.7:8000", False),
    ],
)
def test_origin(settings: Settings, origin: str, host: str, ours: bool) -> None:
    """Behind a proxy the request's Host may not be the public one, which is then trusted by its full origin."""
    settings.CSRF_TRUSTED_ORIGINS = ["https://lab.example"]
    assert is_ours(origin, host) is ours


def test_origin_must_be_secure_where_the_server_is(settings: Settings) -> None:
    settings.HTTPS = True
    assert not is_ours("http://localhost", "localhost")
    assert is_ours("https://localhost", "localhost")


async def test_session_without_origin(server: WebServer, path: str, session: dict[str, str]) -> None:
    assert await refused(server, path, session) == 4403


async def test_host_that_is_not_allowed(server: WebServer, path: str, session: dict[str, str]) -> None:
    """A name that its owner points at this machine makes any page same-origin."""
    uri = f"ws://evil.example:{server.port}{path}"
    headers = session | {"Origin": f"http://evil.example:{server.port}"}
    async with connect(uri, additional_headers=headers, proxy=None, host="127.0.0.1") as opened:
        assert await code_of_close(opened) == 4403


async def test_anonymous(server: WebServer, path: str) -> None:
    assert await refused(server, path, {}) == 4401
    assert await refused(server, path, {"Origin": server.url}) == 4401
    assert await refused(server, path, {"Origin": FOREIGN}) == 4403
    assert await refused(server, "/ws/runs/", {"Origin": server.url}) == 4401


async def test_logged_out_session(server: WebServer, path: str, session: dict[str, str]) -> None:
    await in_thread(_end_sessions)
    assert await refused(server, path, session | {"Origin": server.url}) == 4401


async def test_token(server: WebServer, path: str, token: str) -> None:
    assert await accepted(server, path, {"Authorization": f"Token {token}"})
    assert await accepted(server, f"{path}?token={token}", {})
    assert await accepted(server, f"/ws/runs/?token={token}", {"Origin": server.url})


async def test_token_with_foreign_origin(server: WebServer, path: str, token: str) -> None:
    assert await refused(server, f"{path}?token={token}", {"Origin": FOREIGN}) == 4403


@pytest.mark.parametrize("wrong", ["", "0" * 40, "%00", "ä", "x" * 5000])
async def test_wrong_token(server: WebServer, path: str, session: dict[str, str], wrong: str) -> None:
    """It is refused even beside a good session: the two may be different users."""
    assert await refused(server, f"{path}?token={wrong}", session | {"Origin": server.url}) == 4401


async def test_inactive_user(server: WebServer, path: str, session: dict[str, str], token: str) -> None:
    await in_thread(User.objects.update, is_active=False)
    assert await refused(server, path, {"Authorization": f"Token {token}"}) == 4401
    assert await refused(server, path, session | {"Origin": server.url}) == 4401


async def test_other_users_may_watch(server: WebServer, path: str) -> None:
    _, token = await in_thread(new_user, "grace")
    assert await accepted(server, path, {"Authorization": f"Token {token}"})


async def test_log_holds_no_credentials(
    transactional_db: None, own_loud_server: WebServer, path: str, token: str, session: dict[str, str]
) -> None:
    await accepted(own_loud_server, f"{path}?token={token}", {})
    await accepted(own_loud_server, path, {"Authorization": f"Token {token}"})
    await accepted(own_loud_server, path, session | {"Origin": own_loud_server.url})
    assert await refused(own_loud_server, f"{path}?after=x&token={token}", {}) == 4400
    own_loud_server.stop()
    log = own_loud_server.log.read_text()
    assert path in log
    assert token not in log
    assert session["Cookie"].partition("=")[2] not in log


@pytest.mark.parametrize("fault", [TypeError, KeyError, InterfaceError])
async def test_an_open_socket_is_looked_at_again_after_whatever_a_look_fails_of(
    monkeypatch: pytest.MonkeyPatch, fault: type[Exception]
) -> None:
    """Else credentials that were taken back would keep it open for ever."""
    looks: list[int] = []

    def failing(_scope: auth.Scope) -> User:
        looks.append(1)
        if len(looks) <= 2:
            raise fault("injected")
        raise Refused(NO_LOGIN, "No longer.")

    sent: list[dict[str, object]] = []

    async def send(message: dict[str, object]) -> None:
        sent.append(message)

    monkeypatch.setattr(auth, "identify", failing)
    monkeypatch.setattr(auth, "RECHECK_SECONDS", 0.01)
    before = thread_failures.counts()["credentials"]
    await asyncio.wait_for(auth._watch({}, send), 20)
    assert [message["code"] for message in sent] == [NO_LOGIN]
    assert thread_failures.counts()["credentials"] > before


def _end_sessions() -> None:
    Session.objects.all().delete()
