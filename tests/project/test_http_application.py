"""Requests over ASGI: few threads and connections, the same protection on every way, bodies, streams, errors."""

from __future__ import annotations

import asyncio
import io
import threading
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection, connections
from django.http import FileResponse, HttpRequest, HttpResponse, StreamingHttpResponse
from django.urls import include, path
from pytest_django.fixtures import Settings

from project.http_application import IN_MEMORY, HTTPApplication, _may_wait, _view_of, answered_at_once
from tests.tokens import new_token

PROTECTION = ("Content-Security-Policy", "X-Frame-Options", "X-Content-Type-Options", "Referrer-Policy")
pytestmark = pytest.mark.django_db(transaction=True)
closed = threading.Event()


def where(_request: HttpRequest) -> HttpResponse:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return HttpResponse(f"{threading.get_ident()} {id(connection.connection)}")


@answered_at_once
def at_once(_request: HttpRequest) -> HttpResponse:
    return HttpResponse(str(threading.get_ident()))


@answered_at_once
def at_once_with_the_database(_request: HttpRequest) -> HttpResponse:
    return HttpResponse(str(User.objects.count()))


async def awaited(_request: HttpRequest) -> HttpResponse:
    await asyncio.sleep(0)
    return HttpResponse(str(await sync_to_async(User.objects.count)()))


def length(request: HttpRequest) -> HttpResponse:
    return HttpResponse(str(len(request.body)))


def failing(_request: HttpRequest) -> HttpResponse:
    raise ZeroDivisionError


class Endless:
    async def __aiter__(self) -> AsyncIterator[bytes]:
        while True:
            yield b"more"
            await asyncio.sleep(0)

    def close(self) -> None:
        closed.set()


def endless(_request: HttpRequest) -> StreamingHttpResponse:
    return StreamingHttpResponse(Endless())


def pieces(_request: HttpRequest) -> StreamingHttpResponse:
    async def two() -> AsyncIterator[bytes]:
        yield b"one "
        yield b"two"

    return StreamingHttpResponse(two())


def picture(_request: HttpRequest) -> FileResponse:
    return FileResponse(io.BytesIO(b"x" * 100_000))


urlpatterns = [
    path("where", where),
    path("at-once", at_once),
    path("at-once-with-the-database", at_once_with_the_database),
    path("awaited", awaited),
    path("length", length),
    path("failing", failing),
    path("endless", endless),
    path("pieces", pieces),
    path("picture", picture),
    path("", include("project.urls")),
]
handler404, handler500 = "project.error_answers.page_not_found", "project.error_answers.server_error"


@pytest.fixture(autouse=True)
def _addresses(settings: Settings) -> Iterator[None]:
    settings.ROOT_URLCONF = __name__
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = None
    yield
    connections.close_all()


def scope_of(address: str, method: str = "GET", **headers: str) -> dict[str, Any]:
    sent = [(name.encode(), value.encode()) for name, value in ({"host": "localhost"} | headers).items()]
    path, _, query = address.partition("?")
    return {"type": "http", "method": method, "path": path, "query_string": query.encode(), "headers": sent}


async def ask(application: HTTPApplication, address: str, body: bytes = b"", **headers: str) -> tuple[int, Any, bytes]:
    arriving: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    arriving.put_nowait({"type": "http.request", "body": body})
    sent: list[Mapping[str, Any]] = []

    async def send(message: Mapping[str, Any]) -> None:
        sent.append(message)

    scope = scope_of(address, "POST" if body else "GET", **headers)
    await asyncio.wait_for(application(scope, arriving.get, send), 10)
    found = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], found, b"".join(message.get("body", b"") for message in sent[1:])


async def test_requests_share_a_thread_and_its_connection() -> None:
    application = HTTPApplication()
    answers = {(await ask(application, "/where"))[2] for _ in range(5)}
    assert len(answers) == 1
    assert int(answers.pop().split()[0]) != threading.get_ident()


async def test_what_needs_no_thread_has_none_and_no_database() -> None:
    application = HTTPApplication()
    assert int((await ask(application, "/at-once"))[2]) == threading.get_ident()
    status, _, body = await ask(application, "/at-once-with-the-database")
    assert (status, str(threading.get_ident()) in body.decode()) == (500, False)
    assert (await ask(application, "/healthz"))[0] == 200


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("/where", 200), ("/at-once", 200), ("/awaited", 200), ("/pieces", 200), ("/failing", 500), ("/nowhere", 404),
        ("/api/runs/", 401), ("/api/runs/1/events/", 401),
        ("/api/runs/1/events/?wait=5", 401), ("/runs/1/", 302), ("/healthz", 200),
    ],
)  # fmt: skip
async def test_every_way_has_the_same_protection(address: str, expected: int) -> None:
    status, headers, _ = await ask(HTTPApplication(), address)
    assert status == expected
    assert {name for name in PROTECTION if name in headers} == set(PROTECTION)
    status, _, _ = await ask(HTTPApplication(), address, origin="http://elsewhere", host="elsewhere")
    assert status == 400


async def test_a_token_is_known_on_all_ways() -> None:
    user = await User.objects.acreate(username="reader")
    token = await sync_to_async(new_token)(user)
    application = HTTPApplication()
    events = "/api/runs/7/events/"
    for address, expected in (("/api/runs/", 200), (events, 404), (f"{events}?wait=1", 404), (f"{events}?wait=x", 400)):
        assert (await ask(application, address, authorization=f"Token {token}"))[0] == expected
        assert (await ask(application, address, authorization="Token wrong"))[0] == 401


@pytest.mark.parametrize("size", [1, IN_MEMORY, IN_MEMORY + 1, 40 * IN_MEMORY])
async def test_bodies_arrive_whole(size: int) -> None:
    token = "a" * 32
    sent = {"cookie": f"{settings.CSRF_COOKIE_NAME}={token}", "x-csrftoken": token}
    status, _, body = await ask(HTTPApplication(), "/length", b"x" * size, **sent)
    assert (status, body) == (200, str(size).encode())
    assert (await ask(HTTPApplication(), "/length", b"x" * size))[0] == 403, "no form from elsewhere"


async def test_streams_arrive_and_end_when_the_client_leaves() -> None:
    application = HTTPApplication()
    assert (await ask(application, "/pieces"))[2] == b"one two"
    closed.clear()
    arrived: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    arrived.put_nowait({"type": "http.request", "body": b""})
    sent: asyncio.Queue[Mapping[str, Any]] = asyncio.Queue()
    answering = asyncio.create_task(application(scope_of("/endless"), arrived.get, sent.put))
    while (await asyncio.wait_for(sent.get(), 10)).get("body") != b"more":
        pass
    assert not closed.is_set()
    arrived.put_nowait({"type": "http.disconnect"})
    await asyncio.wait_for(answering, 10)
    assert closed.is_set()


@pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume synchronous iterators")
async def test_a_file_is_sent_in_few_messages() -> None:
    arriving: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    arriving.put_nowait({"type": "http.request", "body": b""})
    sent: list[int] = []

    async def send(message: Mapping[str, Any]) -> None:
        sent.append(len(message.get("body", b"")))

    await asyncio.wait_for(HTTPApplication()(scope_of("/picture"), arriving.get, send), 10)
    assert sent == [0, 2**16, 100_000 - 2**16, 0]


@pytest.mark.parametrize(
    ("query", "expected"),
    [("", False), ("after=5", False), ("wait=5", True), ("%77ait=5", True), ("after=5&w%61%69t=5", True)],
)
def test_who_asks_to_wait_gets_no_thread_however_it_is_written(query: str, expected: bool) -> None:
    for address in ("/api/runs/7/events/", "/api/runs/7/log/"):
        view = _view_of(address)
        assert view is not None
        assert _may_wait(view, scope_of(f"{address}?{query}")) is expected


async def test_a_client_that_leaves_before_its_body_has_arrived_is_not_answered() -> None:
    messages: Iterator[dict[str, Any]] = iter(
        [{"type": "http.request", "body": b"x", "more_body": True}, {"type": "http.disconnect"}]
    )
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return next(messages)

    async def send(message: Mapping[str, Any]) -> None:
        sent.append(message)

    await HTTPApplication()(scope_of("/length", "POST"), receive, send)
    assert sent == []
