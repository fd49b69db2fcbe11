"""Each request has one identifier: in its answer, in what is logged meanwhile, and in problems."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Iterator
from io import StringIO
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import AsyncClient, Client
from django.urls import path
from pytest_django.fixtures import Settings

from project.http_application import HTTPApplication, answered_at_once
from request_ids import current
from request_ids.asgi import RequestIds
from runs.json_logging import JsonLines
from tests.problems import problem_of

OWN = "nightly-2026.11.30_7"
UNSAFE = ["", " ", "a b", "x" * 65, "a\x0b", "ä", 'a"b', "livetrain_" + "0" * 40, "LiveTrain_x", "a,b"]
logger = logging.getLogger(__name__)


def said(_request: HttpRequest) -> HttpResponse:
    logger.warning("looked at")
    return HttpResponse(current.current())


@answered_at_once
def said_at_once(request: HttpRequest) -> HttpResponse:
    return said(request)


async def said_later(_request: HttpRequest) -> HttpResponse:
    await asyncio.sleep(0)
    logger.warning("looked at")
    return HttpResponse(current.current())


def broken(_request: HttpRequest) -> HttpResponse:
    raise RuntimeError("as a fault of ours")


def handler404(_request: HttpRequest, _exception: Exception) -> HttpResponse:
    return HttpResponse(status=404)


def handler500(_request: HttpRequest) -> HttpResponse:
    return HttpResponse(status=500)


urlpatterns = [
    path("said", said),
    path("at-once", said_at_once),
    path("later", said_later),
    path("broken", broken),
]


@pytest.fixture
def _views(settings: Settings) -> None:
    """Let the views above be all, behind no middleware but that of identifiers."""
    settings.ROOT_URLCONF = __name__
    settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if name.startswith("request_ids.")]
    assert len(settings.MIDDLEWARE) == 1


@pytest.fixture
def lines() -> Iterator[Callable[[], list[dict[str, Any]]]]:
    """Return what tells the lines of the log, as they are written in JSON."""
    written = StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(JsonLines())
    logging.getLogger().addHandler(handler)
    yield lambda: [json.loads(line) for line in written.getvalue().splitlines()]
    logging.getLogger().removeHandler(handler)


async def asked(address: str, *headers: tuple[bytes, bytes]) -> tuple[int, list[str], bytes]:
    """Ask the whole application over ASGI; return status, the identifiers of the answer, and the body."""
    messages: list[dict[str, Any]] = []

    arriving: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    arriving.put_nowait({"type": "http.request", "body": b""})
    receive = arriving.get

    async def send(message: dict[str, Any]) -> None:
        messages.append(message)

    scope = {"type": "http", "method": "GET", "path": address, "query_string": b""}
    await RequestIds(HTTPApplication())(scope | {"headers": [(b"host", b"localhost"), *headers]}, receive, send)
    names = [value.decode() for name, value in messages[0]["headers"] if name.lower() == b"x-request-id"]
    return messages[0]["status"], names, b"".join(message.get("body", b"") for message in messages[1:])


@pytest.mark.usefixtures("_views")
@pytest.mark.parametrize("address", ["/said", "/at-once", "/later"])
async def test_views_in_any_thread_know_the_identifier(address: str) -> None:
    status, names, body = await asked(address, (b"x-request-id", OWN.encode()))
    assert (status, names, body.decode()) == (200, [OWN], OWN)
    _, names, body = await asked(address)
    assert names == [body.decode()]
    assert current.SAFE.fullmatch(names[0])
    assert current.current() == ""


@pytest.mark.usefixtures("_views")
async def test_two_requests_at_once_have_their_own() -> None:
    answers = await asyncio.gather(*(asked("/later", (b"x-request-id", f"n{n}".encode())) for n in range(20)))
    assert [(names, body.decode()) for _, names, body in answers] == [([f"n{n}"], f"n{n}") for n in range(20)]


@pytest.mark.usefixtures("_views")
async def test_what_is_sent_twice_is_not_taken() -> None:
    _, names, _ = await asked("/said", (b"x-request-id", b"one"), (b"x-request-id", b"two"))
    assert names[0] not in ("one", "two")
    assert len(names) == 1


@pytest.mark.usefixtures("_views")
@pytest.mark.parametrize("address", ["/said", "/later", "/broken", "/nowhere"])
async def test_lines_of_the_log_have_it(address: str, lines: Callable[[], list[dict[str, Any]]]) -> None:
    status, _, _ = await asked(address, (b"x-request-id", OWN.encode()))
    assert status in (200, 404, 500)
    logger.warning("of no request")
    *found, last = lines()
    assert [line["request_id"] for line in found] == [OWN] * len(found)
    assert found
    assert "request_id" not in last


@pytest.mark.parametrize("sent", UNSAFE)
@pytest.mark.django_db
def test_what_is_not_safe_is_replaced(sent: str) -> None:
    answer = Client().get("/healthz", headers={"x-request-id": sent})
    assert answer["X-Request-ID"] != sent
    assert len(answer["X-Request-ID"]) == 32


@pytest.mark.django_db
def test_every_kind_of_answer_has_it(api: Client) -> None:
    for client, address in ((api, "/api/runs/"), (Client(), "/login/"), (Client(), "/nowhere/"), (Client(), "/api/x/")):
        assert client.get(address, headers={"x-request-id": OWN})["X-Request-ID"] == OWN, address
    refused = Client().get("/api/runs/", headers={"x-request-id": OWN})
    assert problem_of(refused, "not-logged-in")["request_id"] == OWN


async def test_asynchronous_clients_of_tests_have_it() -> None:
    answer = await AsyncClient().get("/healthz", headers={"x-request-id": OWN})
    assert answer["X-Request-ID"] == OWN


async def test_a_socket_has_one_and_its_send_stays_as_it_is() -> None:
    seen: list[Any] = []

    async def application(scope: dict[str, Any], _receive: Any, send: Any) -> None:
        seen.extend([current.current(), scope["livetrain.request_id"], send])

    async def send(_message: dict[str, Any]) -> None:
        raise AssertionError("nothing is sent")

    headers = [(b"x-request-id", OWN.encode())]
    await asyncio.create_task(RequestIds(application)({"type": "websocket", "headers": headers}, send, send))  # type: ignore[arg-type]
    assert seen == [OWN, OWN, send]
    assert current.current() == ""
