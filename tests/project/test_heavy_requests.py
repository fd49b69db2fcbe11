"""Large requests of one user leave room to others: over ASGI, with views that last as long as a test wants."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.http import HttpResponseBase, StreamingHttpResponse
from django.urls import path
from pytest_django.fixtures import Settings
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request
from rest_framework.response import Response

from project.http_application import HTTPApplication
from runs.api import heavy_requests
from runs.api.async_view import AsyncView
from runs.api.heavy_requests import KINDS, HeavyView, Kind
from runs.pauses.turns import Turns, WaitingRoom

ADA, GRACE = "1", "2"
LARGE, CALM, EXPORT, ASYNCHRONOUS = "/large", "/calm", "/export", "/asynchronous"


class Named(BaseAuthentication):
    """Believes whoever is named: no database is asked."""

    def authenticate(self, request: Request) -> tuple[User, None]:
        return User(pk=int(request.headers["user"])), None


class Work:
    """What the views do: begins in an order that is noted, and ends when the test says so."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.may_end = threading.Event()
        self.sent = asyncio.Event()


work = Work()


class Large(HeavyView):
    authentication_classes = [Named]

    def get(self, request: Request) -> Response:
        work.begun.append(str(request.user.pk))
        assert work.may_end.wait(20)
        return Response({"user": request.user.pk})


class Asynchronous(AsyncView, HeavyView):
    authentication_classes = [Named]

    async def get(self, _request: Request) -> Response:
        pytest.fail("its client has left")


class Calm(HeavyView):
    authentication_classes = [Named]

    def get(self, request: Request) -> Response:
        return Response({"user": request.user.pk})


class Export(HeavyView):
    authentication_classes = [Named]

    def get(self, request: Request) -> HttpResponseBase:
        work.begun.append(str(request.user.pk))
        return StreamingHttpResponse(pieces())


async def pieces() -> AsyncIterator[bytes]:
    yield b"first"
    await work.sent.wait()


urlpatterns = [
    path("large", Large.as_view()),
    path("calm", Calm.as_view()),
    path("export", Export.as_view()),
    path("asynchronous", Asynchronous.as_view()),
]


@pytest.fixture(autouse=True)
def _views(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let the views be of kinds of their own, and a request have no session to ask the database for."""
    settings.ROOT_URLCONF = __name__
    settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if "ends_turns" in name]
    room = WaitingRoom(places=4, of_one_user=2)
    monkeypatch.setattr(Large, "heavy", Kind("statistics", Turns(3, 2, room)))
    monkeypatch.setattr(Asynchronous, "heavy", Large.heavy)
    monkeypatch.setattr(Export, "heavy", Kind("exports", Turns(64, 1, room), until_sent=True))
    monkeypatch.setattr(f"{__name__}.work", Work())
    yield
    work.may_end.set()


class Asked:
    """A request under way."""

    def __init__(self, application: HTTPApplication, address: str, user: str) -> None:
        self.messages: list[Mapping[str, Any]] = []
        self._arriving: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._arriving.put_nowait({"type": "http.request", "body": b""})
        headers = [(b"host", b"localhost"), (b"user", user.encode())]
        scope = {"type": "http", "method": "GET", "path": address, "query_string": b"", "headers": headers}
        self._task = asyncio.create_task(application(scope, self._arriving.get, self._send))

    async def _send(self, message: Mapping[str, Any]) -> None:
        self.messages.append(message)

    def leave(self) -> None:
        """Close the connection, as a client does."""
        self._arriving.put_nowait({"type": "http.disconnect"})

    async def end(self) -> None:
        """Wait until the server is done with it."""
        await asyncio.wait_for(self._task, 10)

    async def answer(self) -> tuple[int, dict[str, str], bytes]:
        """Return status, headers and body."""
        await self.end()
        headers = {name.decode(): value.decode() for name, value in self.messages[0]["headers"]}
        return self.messages[0]["status"], headers, b"".join(one.get("body", b"") for one in self.messages[1:])


async def happens(condition: Any) -> None:
    for _ in range(2_000):
        if condition():
            return
        await asyncio.sleep(0.005)
    pytest.fail("it did not happen")


def waiting(view: type[HeavyView]) -> int:
    assert view.heavy is not None
    return len(view.heavy.turns._waiting)


async def test_four_large_requests_leave_room_for_a_calm_user() -> None:
    application = HTTPApplication()
    large = [Asked(application, LARGE, ADA) for _ in range(4)]
    await happens(lambda: len(work.begun) == 2 and waiting(Large) == 2)
    assert work.begun == [ADA, ADA]

    assert (await Asked(application, CALM, GRACE).answer())[0] == 200
    hers = Asked(application, LARGE, GRACE)  # of the same kind, and after them
    await happens(lambda: len(work.begun) == 3)
    assert work.begun == [ADA, ADA, GRACE]
    assert (await Asked(application, CALM, ADA).answer())[0] == 200  # other kinds of Ada's own wait for nothing

    work.may_end.set()
    assert [(await one.answer())[0] for one in (*large, hers)] == [200] * 5
    assert work.begun == [ADA, ADA, GRACE, ADA, ADA]
    assert Large.heavy is not None
    assert Large.heavy.turns.under_way == 0


async def test_beyond_a_short_queue_the_answer_says_what_to_do() -> None:
    application = HTTPApplication()
    large = [Asked(application, LARGE, ADA) for _ in range(4)]
    await happens(lambda: waiting(Large) == 2)
    status, headers, body = await Asked(application, LARGE, ADA).answer()
    assert status == 429
    assert headers["Retry-After"] == "5"
    assert b"Too many requests for statistics are under way. Send fewer at once, and try this one again in" in body
    work.may_end.set()
    assert {(await one.answer())[0] for one in large} == {200}
    assert (await Asked(application, LARGE, ADA).answer())[0] == 200


async def test_who_waits_too_long_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heavy_requests, "WAIT_SECONDS", 0.01)
    application = HTTPApplication()
    large = [Asked(application, LARGE, ADA) for _ in range(2)]
    await happens(lambda: len(work.begun) == 2)
    assert (await Asked(application, LARGE, ADA).answer())[0] == 429
    work.may_end.set()
    assert {(await one.answer())[0] for one in large} == {200}


async def test_a_streamed_export_counts_until_it_is_sent_or_its_client_leaves() -> None:
    application = HTTPApplication()
    first, second = Asked(application, EXPORT, ADA), Asked(application, EXPORT, ADA)
    await happens(lambda: len(work.begun) == 1 and waiting(Export) == 1)
    await happens(lambda: len(first.messages) + len(second.messages) == 2)
    assert len(work.begun) == 1
    (first if first.messages else second).leave()
    await happens(lambda: len(work.begun) == 2)
    work.sent.set()
    for one in (first, second):
        assert (await one.answer())[2] == b"first"
    assert Export.heavy is not None
    assert Export.heavy.turns.under_way == 0


async def test_a_turn_that_comes_when_the_client_has_left_is_given_back() -> None:
    """The request ends at once, while a thread still waits for its turn."""
    assert Large.heavy is not None
    turns = Large.heavy.turns
    before = [turns.take(int(ADA), 0) for _ in range(2)]
    asked = Asked(HTTPApplication(), ASYNCHRONOUS, ADA)
    await happens(lambda: waiting(Asynchronous) == 1)
    asked.leave()
    await asyncio.sleep(0.1)
    for turn in before:
        assert turn is not None
        turn.end()
    await asked.end()
    await happens(lambda: waiting(Asynchronous) == 0)
    assert turns.under_way == 0


def test_requests_that_wait_leave_half_of_the_threads() -> None:
    assert heavy_requests.ROOM._places <= 32
    assert all(kind.turns._room is heavy_requests.ROOM for kind in KINDS)
    assert all(kind.turns._of_one_user < kind.turns._at_once for kind in KINDS)
