"""Who may open a socket, from where; and that credentials stay out of the log."""

from __future__ import annotations

import asyncio
import contextlib
import re
import urllib.error
import urllib.request
from collections.abc import Callable

import pytest
from axes.models import AccessAttempt
from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.db import InterfaceError
from django.test import Client
from pytest_django.fixtures import Settings
from websockets.asyncio.client import connect

from realtime import auth
from realtime.auth import is_ours
from realtime.hubs.socket_access import SocketAccess
from realtime.login import login_link
from realtime.wire.close_codes import NO_LOGIN, Refused
from runs.failures import thread_failures
from runs.models import Run
from tests.realtime.listening import close_code, code_of_close, frame
from tests.realtime.writing import in_thread, new_user, running_run
from tests.servers import WebServer

SESSION_COOKIE_NAME = "sessionid"
FOREIGN = "http://evil.example"
REQUESTS = re.compile(r"127\.0\.0\.1:\d+ - - \[")
"""How lines begin of Daphne's own log of requests, which `manage.py web` switches off, but not these tests."""


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
    assert await accepted(server, "/ws/runs/", {"Authorization": f"Token {token}", "Origin": server.url})


async def test_token_with_foreign_origin_or_host(server: WebServer, path: str, token: str) -> None:
    sent = {"Authorization": f"Token {token}"}
    assert await refused(server, path, sent | {"Origin": FOREIGN}) == 4403
    uri = f"ws://evil.example:{server.port}{path}"
    async with connect(uri, additional_headers=sent, proxy=None, host="127.0.0.1") as opened:
        assert await code_of_close(opened) == 4403


async def test_token_in_an_address_is_refused_with_the_cure(
    server: WebServer, path: str, session: dict[str, str], token: str
) -> None:
    """Proxies and browsers keep addresses; beside other credentials it has been kept all the same."""
    for headers in ({}, session | {"Origin": server.url}, {"Authorization": f"Token {token}"}):
        uri = f"{server.websocket_url}{path}?token={token}"
        async with connect(uri, additional_headers=headers, proxy=None) as opened:
            assert await code_of_close(opened) == 4401
            assert opened.close_reason
            assert "/api/tickets/" in opened.close_reason
            assert "Authorization" in opened.close_reason


def test_token_in_an_address_where_old_scripts_need_it(settings: Settings, path: str, token: str) -> None:
    settings.TOKENS_IN_ADDRESSES = True
    scope = {"path": path, "query_string": f"token={token}".encode(), "headers": [(b"host", b"localhost:8000")]}
    assert auth.identify(scope).username == "ada"
    scope["query_string"] = b"token=" + b"0" * 40
    with pytest.raises(Refused, match="not valid"):
        auth.identify(scope)


@pytest.mark.parametrize("wrong", ["", "0" * 40, "%00", "\u00e4", "x" * 5000])
async def test_wrong_token(server: WebServer, path: str, session: dict[str, str], wrong: str) -> None:
    """It is refused even beside a good session: the two may be different users."""
    sent = {"Authorization": f"Token {wrong}"}
    assert await refused(server, path, session | sent | {"Origin": server.url}) == 4401
    if not settings.REDIS_URL:  # else they are counted there, together with those of other tests
        counted = await in_thread(AccessAttempt.objects.get)
        assert (counted.ip_address, counted.failures_since_start) == ("127.0.0.1", 1)


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
    ticket = await in_thread(_ticket, token)
    await accepted(own_loud_server, f"{path}?ticket={ticket}", {})
    await accepted(own_loud_server, path, {"Authorization": f"Token {token}"})
    await accepted(own_loud_server, path, session | {"Origin": own_loud_server.url})
    assert await refused(own_loud_server, f"{path}?after=x&token={token}", {}) == 4401
    assert await refused(own_loud_server, f"{path}?after=x&ticket={ticket}", {}) == 4401
    link = await in_thread(_link)
    await in_thread(_knock, own_loud_server.url, link)
    own_loud_server.stop()
    lines = own_loud_server.log.read_text().splitlines()
    log = "\n".join(line for line in lines if not REQUESTS.match(line))
    assert "WebSocket closed for" in log
    assert "Forbidden (CSRF cookie not set.): /login/once/…" in log
    assert "Not Found: //login/once/…" in log
    assert "Traceback" not in log
    for secret in (token, ticket, session["Cookie"].partition("=")[2], link.split("/")[4]):
        assert secret not in log


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
    await asyncio.wait_for(auth._watch({}, send, SocketAccess(User())), 20)
    assert [message["code"] for message in sent] == [NO_LOGIN]
    assert thread_failures.counts()["credentials"] > before


def _end_sessions() -> None:
    Session.objects.all().delete()


def _ticket(token: str) -> str:
    answer = Client(headers={"authorization": f"Token {token}"}).post("/api/tickets/", {}, "application/json")
    return str(answer.json()["ticket"])


def _link() -> str:
    return login_link(User.objects.get(username="ada"))


def _knock(server: str, link: str) -> None:
    """Ask for a link that still works in every way that an answer or a log could repeat it in."""
    for method in ("HEAD", "PUT", "GET", "POST", "OPTIONS"):  # the POST without its form is refused
        for path in (link, f"{link}x", f"/{link}"):
            for host in ("localhost", "evil.example"):
                asked = urllib.request.Request(server + path, method=method, headers={"Host": host})
                with contextlib.suppress(urllib.error.HTTPError):
                    urllib.request.urlopen(asked, timeout=20).close()
