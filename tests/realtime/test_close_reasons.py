"""Why a socket was closed arrives with the code, over a real server."""

from __future__ import annotations

import asyncio

import pytest
from django.contrib.auth.models import User
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed
from websockets.frames import Close

from runs import lifecycle
from runs.models import Run
from runs.removal import deletion
from tests.realtime.listening import PATIENCE_SECONDS, Listener
from tests.realtime.writing import in_thread, running_run
from tests.servers import WebServer


async def close_of(server: WebServer, path: str, message: str = "", **headers: str) -> Close:
    """Return how the server closes a socket opened like this, once it has sent everything."""
    opening = connect(server.websocket_url + path, additional_headers=headers, proxy=None)
    async with opening as opened:
        if message:
            await opened.send(message)
        with pytest.raises(ConnectionClosed) as closed:  # noqa: PT012  (what came before it is read first)
            while True:
                await asyncio.wait_for(opened.recv(), PATIENCE_SECONDS)
    assert closed.value.rcvd is not None
    return closed.value.rcvd


@pytest.mark.parametrize(
    ("path", "message", "code", "reason"),
    [
        ("/ws/runs/{}/?after=x", "", 4400, "after must be an integer of at least 0."),
        ("/ws/runs/{}/?after=2", "hello", 4400, 'Expected {"ack": seq} or {"ping": true}.'),
        ("/ws/runs/{}/?after=2", f'"{"x" * 1_024}"', 4400, "Messages are JSON texts of at most 1024 characters."),
        ("/ws/runs/?only=mine", "", 4400, "only must be queue, or left out."),
        ("/ws/runs/999999/", "", 4404, "There is no run 999999."),
        ("/ws/other/", "", 4404, "There is nothing to listen to at this path."),
    ],
)
async def test_refusals(
    server: WebServer, owner: User, token: str, *, path: str, message: str, code: int, reason: str
) -> None:
    run = await in_thread(running_run, owner)
    found = await close_of(server, path.format(run.pk), message, Authorization=f"Token {token}")
    assert (found.code, found.reason) == (code, reason)


async def test_without_a_login(server: WebServer) -> None:
    found = await close_of(server, "/ws/runs/")
    assert (found.code, found.reason) == (4401, "Log in, or send an API token.")
    found = await close_of(server, "/ws/runs/", Authorization="Token wrong")
    assert (found.code, found.reason) == (4401, "The token is not valid, has expired, or its user is not active.")
    found = await close_of(server, "/ws/runs/", Origin="http://elsewhere.example")
    assert (found.code, found.reason) == (4403, "Pages of another origin may not listen.")


async def test_a_run_that_is_deleted(server: WebServer, owner: User, token: str) -> None:
    run = await in_thread(running_run, owner)
    listener = Listener(server, run.pk, token)
    async with listener.connected() as opened:
        await listener.read_until(opened, 2)
        await in_thread(_end_and_delete, run.pk, owner)
        with pytest.raises(ConnectionClosed) as closed:
            await listener.read_until(opened, 1_000)
    assert closed.value.rcvd == Close(4404, f"Run {run.pk} is deleted.")


def _end_and_delete(run_id: int, owner: User) -> None:
    run = Run.objects.get(pk=run_id)
    lifecycle.end(run_id, run.attempt, "completed", None)
    deletion.delete(run_id, owner)
