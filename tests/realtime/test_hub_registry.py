"""Hubs and the run poller in one process: shared while somebody watches, gone when nobody does."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

import pytest
from channels.testing import WebsocketCommunicator
from django.contrib.auth.models import User

from realtime import auth
from realtime.hubs import broadcast, hub_registry
from realtime.hubs.db_threads import pages
from realtime.routing import websocket_application
from tests.realtime.writing import batch_event, in_thread, running_run, store

pytestmark = pytest.mark.usefixtures("within_process")


@asynccontextmanager
async def client(path: str, token: str) -> AsyncIterator[WebsocketCommunicator]:
    headers = [(b"host", b"localhost"), (b"authorization", f"Token {token}".encode())]
    communicator = WebsocketCommunicator(websocket_application, path, headers)
    assert (await communicator.connect(timeout=10))[0]
    yield communicator
    await communicator.disconnect(timeout=10)


def own_tasks() -> dict[str, asyncio.Task[object]]:
    named = {task.get_name(): task for task in asyncio.all_tasks()}
    return {name: task for name, task in named.items() if name.startswith(("hub", "run poller", "subscription"))}


def of_rights() -> set[str]:
    """Name what announces changed rights: over Redis a subscription, within a machine the poller's own datagrams."""
    return {"subscription access"} if broadcast.crosses_processes() else set()


async def end(tasks: Iterable[asyncio.Task[object]]) -> bool:
    _, pending = await asyncio.wait(tasks, timeout=10)
    return not pending


async def test_clients_of_a_run_share_one_hub(owner: User, token: str) -> None:
    run = await in_thread(running_run, owner)
    path = f"/ws/runs/{run.pk}/"
    async with client(path, token) as one, client(path, token) as two:
        first = [await each.receive_from(timeout=10) for each in (one, two)]
        assert first[0] == first[1]
        assert list(hub_registry.current_registry().runs) == [run.pk]
        tasks = own_tasks()
        assert set(tasks) == {f"hub of run {run.pk}", f"subscription run.{run.pk}", "run poller"} | of_rights()
        await in_thread(store, run, [batch_event(1)])
        later = [await each.receive_from(timeout=10) for each in (one, two)]
        assert later[0] is later[1], "encoded once"
    assert await end(tasks.values())
    assert hub_registry.current_registry().runs == {}


async def test_nobody_waits_at_the_door_while_others_catch_up(owner: User, token: str) -> None:
    run, read = await in_thread(running_run, owner), threading.Event()
    catching_up = asyncio.create_task(pages(read.wait, 30))
    async with client(f"/ws/runs/{run.pk}/", token) as opened:
        assert await opened.receive_from(timeout=10)
        assert not catching_up.done()
    read.set()
    assert await catching_up


async def test_list_hub_goes_with_its_last_client(owner: User, token: str) -> None:
    await in_thread(running_run, owner)
    async with client("/ws/runs/", token) as opened:
        await opened.receive_from(timeout=10)
        tasks = own_tasks()
        assert set(tasks) == {"hub of the run list", "subscription runs", "run poller"} | of_rights()
    assert await end(tasks.values())
    assert hub_registry.current_registry().run_list is None


async def test_credentials_are_checked_again(owner: User, token: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auth, "RECHECK_SECONDS", 0.05)
    run = await in_thread(running_run, owner)
    async with client(f"/ws/runs/{run.pk}/", token) as opened:
        await opened.receive_from(timeout=10)
        await in_thread(User.objects.update, is_active=False)
        closed = await opened.receive_output(timeout=10)
    assert (closed["type"], closed["code"]) == ("websocket.close", 4401)
