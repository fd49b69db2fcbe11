"""The promise of `ws/runs/<id>/`: every event after `?after=`, exactly once, in order, whatever happens."""

from __future__ import annotations

import asyncio
import json
import random
import re
import urllib.request

from django.contrib.auth.models import User

from runs import lifecycle
from runs.models import Run, RunEvent
from runs.serializers import event_envelope
from tests.realtime.listening import Listener, frame
from tests.realtime.writing import (
    batch_event,
    come_back,
    in_thread,
    running_run,
    store,
    store_at_once,
    store_at_rate,
    training_events,
)
from tests.servers import WebServer
from tests.waiting import eventually

CLIENTS = 20
STORED_BEFORE = 2  # queued, in progress


async def test_twenty_roaming_clients_get_everything_once(server: WebServer, owner: User, token: str) -> None:
    run = await in_thread(running_run, owner)
    last = STORED_BEFORE + 800
    writer = asyncio.create_task(in_thread(store_at_rate, run, training_events(800), per_second=250))
    listeners = await _roam(server, run, token, last)
    await writer
    journal = await in_thread(_journal, run)
    for listener in listeners:
        assert [event["seq"] for event in listener.events] == list(range(1, last + 1))
    # On a busy machine one that connects late has everything by its first connection.
    assert sum(listener.connections > 1 for listener in listeners) > CLIENTS / 2
    assert listeners[0].events == journal


async def test_killed_server_leaves_no_gap(own_server: WebServer, owner: User, token: str) -> None:
    run = await in_thread(running_run, owner)
    last = STORED_BEFORE + 900
    events = training_events(900)
    roaming = asyncio.create_task(_roam(own_server, run, token, last))
    await in_thread(store_at_rate, run, events[:300], per_second=300)
    own_server.kill()
    await in_thread(store_at_once, run, events[300:600])
    await asyncio.to_thread(own_server.start)
    await in_thread(store_at_rate, run, events[600:], per_second=300)
    for listener in await roaming:
        assert [event["seq"] for event in listener.events] == list(range(1, last + 1))


async def test_late_joiners_get_the_journal_then_what_comes(server: WebServer, owner: User, token: str) -> None:
    run = await in_thread(running_run, owner)
    await in_thread(store_at_once, run, training_events(6_000))  # more than a ring holds
    from_start, from_middle = (Listener(server, run.pk, token, after=after) for after in (0, 3_000))
    async with from_start.connected() as first, from_middle.connected() as second:
        await from_start.read_until(first, 6_002)
        await from_middle.read_until(second, 6_002)
        await in_thread(store, run, [batch_event(6_000)])
        await from_start.read_until(first, 6_003)
        await from_middle.read_until(second, 6_003)
    assert len(from_start.events) == 6_003
    assert len(from_middle.events) == 3_003


async def test_socket_outlives_the_end_of_its_run(server: WebServer, owner: User, token: str) -> None:
    run = await in_thread(running_run, owner)
    listener = Listener(server, run.pk, token)
    async with listener.connected() as opened:
        await in_thread(lifecycle.end, run.pk, run.attempt, "failed", "ValueError: no")
        await listener.read_until(opened, 4)
        assert [event["type"] for event in listener.events] == ["run_status"] * 3 + ["training_end"]
        await in_thread(come_back, run)
        await listener.read_until(opened, 5)
    assert listener.events[-1]["data"]["status"] == "in_progress"


async def test_number_ahead_of_the_journal_waits_for_later_events(server: WebServer, owner: User, token: str) -> None:
    run = await in_thread(running_run, owner)
    listener = Listener(server, run.pk, token, after=4)
    async with listener.connected() as opened:
        await in_thread(store, run, training_events(5))
        assert [event["seq"] for event in await frame(opened)] == [5, 6, 7]


async def _roam(server: WebServer, run: Run, token: str, last: int) -> list[Listener]:
    listeners = [Listener(server, run.pk, token) for _ in range(CLIENTS)]
    roaming = (listener.roam_until(last, random.Random(seed)) for seed, listener in enumerate(listeners))
    await asyncio.wait_for(asyncio.gather(*roaming), 90)
    return listeners


def _journal(run: Run) -> list[object]:
    return [json.loads(event_envelope(event)) for event in RunEvent.objects.filter(run=run).order_by("seq")]


async def test_open_sockets_are_counted(own_server: WebServer, owner: User, token: str) -> None:
    await in_thread(User.objects.update, is_staff=True)  # others may not read the figures
    run = await in_thread(running_run, owner)
    url, header = f"{own_server.url}/metrics", {"Authorization": f"Token {token}"}

    def open_sockets() -> list[str]:
        with urllib.request.urlopen(urllib.request.Request(url, headers=header)) as answer:
            return re.findall(r"^livetrain_(?:websocket_clients.*|hubs) (\d+)$", answer.read().decode(), re.MULTILINE)

    listeners = [Listener(own_server, run.pk, token) for _ in range(2)]
    async with listeners[0].connected() as first, listeners[1].connected() as second:
        await listeners[0].read_until(first, 2)
        await listeners[1].read_until(second, 2)
        assert await asyncio.to_thread(open_sockets) == ["2", "0", "1"]
    await asyncio.to_thread(eventually, lambda: open_sockets() == ["0", "0", "0"])
