"""A stream that fails is closed with a code that Daphne can send: no socket stays open in silence."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from autobahn.twisted.websocket import WebSocketServerProtocol
from django.contrib.auth.models import User
from websockets.exceptions import ConnectionClosed

from realtime.wire import close_codes
from tests.realtime.failing_server import FailingServer
from tests.realtime.listening import Listener, code_of_close, frame, socket
from tests.realtime.writing import in_thread, running_run, store, training_events
from tests.waiting import eventually

FAILED = 4500
CODES = {name: value for name, value in vars(close_codes).items() if name.isupper() and isinstance(value, int)}


@pytest.fixture(scope="module")
def shared_failing_server(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FailingServer]:
    """Start one for all tests: each takes the faults it asks for."""
    with FailingServer(tmp_path_factory.mktemp("server")) as server:
        yield server
        server.kill()  # its end is not tested here


@pytest.fixture
def failing_server(shared_failing_server: FailingServer, transactional_db: None) -> FailingServer:
    """Lend a server that fails when it is told to, over the database of the test."""
    return shared_failing_server


@pytest.mark.parametrize("code", CODES.values(), ids=CODES)
def test_the_server_can_send_every_close_code(code: int, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[int | None] = []
    protocol = WebSocketServerProtocol()
    monkeypatch.setattr(protocol, "sendCloseFrame", lambda code, **_: sent.append(code))
    protocol.sendClose(code=code)
    assert sent == [code]


async def test_a_failed_run_stream_is_closed_and_goes_on_where_it_was(
    failing_server: FailingServer, owner: User, token: str
) -> None:
    run = await in_thread(running_run, owner)
    listener = Listener(failing_server, run.pk, token)
    logged_before = failing_server.log.read_text()
    async with listener.connected() as opened:
        await listener.read_until(opened, 2)
        failing_server.fail("push")  # what one that has everything gets
        await in_thread(store, run, training_events(5))
        assert await code_of_close(opened) == FAILED
    async with listener.connected() as opened:
        await listener.read_until(opened, 7)
    failing_server.fail("run stream")  # what one that is behind gets
    await in_thread(store, run, training_events(5))
    async with listener.connected() as opened:
        assert await code_of_close(opened) == FAILED
    await listener.listen_until(12)
    assert [event["seq"] for event in listener.events] == list(range(1, 13))
    assert "A WebSocket stream failed." in failing_server.log.read_text().removeprefix(logged_before)


async def test_a_failed_list_stream_is_closed(failing_server: FailingServer, owner: User, token: str) -> None:
    run = await in_thread(running_run, owner)
    async with socket(failing_server, "/ws/runs/", token) as opened:
        await frame(opened)
        failing_server.fail("list stream")
        await in_thread(store, run, training_events(5))
        with pytest.raises(ConnectionClosed) as closed:  # noqa: PT012  (what came before it is read first)
            while True:
                await frame(opened)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == FAILED


async def test_a_ping_that_cannot_be_answered_closes_the_socket(
    failing_server: FailingServer, owner: User, token: str
) -> None:
    run = await in_thread(running_run, owner)
    async with socket(failing_server, f"/ws/runs/{run.pk}/?after=2", token) as opened:
        failing_server.fail("ping")
        await opened.send('{"ping": true}')
        assert await code_of_close(opened) == FAILED


async def test_a_fault_does_not_end_the_watch_over_logins(
    failing_server: FailingServer, owner: User, token: str
) -> None:
    run = await in_thread(running_run, owner)
    async with socket(failing_server, f"/ws/runs/{run.pk}/?after=2", token) as opened:
        await opened.send('{"ping": true}')
        await frame(opened)
        failing_server.fail("login")
        await asyncio.to_thread(eventually, lambda: failing_server.has_failed("login"))
        await in_thread(User.objects.update, is_active=False)
        assert await code_of_close(opened) == 4401
