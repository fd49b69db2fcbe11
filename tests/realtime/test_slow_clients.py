"""Clients that do not read: they cost the server a bounded amount of memory, and others nothing."""

from __future__ import annotations

import asyncio
import contextlib
import socket as sockets
import time

import psutil
from django.contrib.auth.models import User

from realtime.wire.flow_control import BURST, PACE
from runs.events import EarlyStopped
from runs.models import Run
from tests.realtime.listening import Listener
from tests.realtime.writing import in_thread, running_run, store_at_once
from tests.servers import WebServer

STALLED = 8
EVENTS = 6_000
EVENT_CHARACTERS = 10_000
OWN_BYTES = 64 * 1024 * 1024  # ring, frames, journal pages: twice what was measured without stalled clients
COPIES = 1.5  # what a buffered byte costs Daphne, measured


async def test_stalled_clients_cost_little_and_delay_nobody(own_server: WebServer, owner: User, token: str) -> None:
    run = await in_thread(running_run, owner)
    quick = Listener(own_server, run.pk, token)
    async with contextlib.AsyncExitStack() as stack:
        opened = await stack.enter_async_context(quick.connected())
        await quick.read_until(opened, 2, acknowledge=True)
        for _ in range(STALLED):
            stalled = Listener(own_server, run.pk, token, after=2)
            deaf = stalled.connected(sock=_small_socket(own_server.port), max_queue=1, close_timeout=0.1)
            await stack.enter_async_context(deaf)
        before, began = _resident(own_server), time.monotonic()
        writer = asyncio.create_task(in_thread(_store_large, run))
        await asyncio.wait_for(quick.read_until(opened, 2 + EVENTS, acknowledge=True), 60)
        await writer
        grown, seconds = _resident(own_server) - before, time.monotonic() - began
    allowed = OWN_BYTES + STALLED * (BURST + PACE * seconds) * COPIES
    assert allowed < STALLED * EVENTS * EVENT_CHARACTERS, f"too slow to tell ({seconds:.0f} s)"
    assert grown < allowed


def _store_large(run: Run) -> None:
    """Store large durable events, which every client gets."""
    large = EarlyStopped(epoch=0, best_metric_value=None, patience=1, monitor="val_loss", reason="x" * EVENT_CHARACTERS)
    store_at_once(run, [large] * EVENTS, batch=100)


def _small_socket(port: int) -> sockets.socket:
    """Connect with a small receive buffer, so that the server's side fills at once."""
    small = sockets.socket()
    small.setsockopt(sockets.SOL_SOCKET, sockets.SO_RCVBUF, 4_096)
    small.connect(("127.0.0.1", port))
    return small


def _resident(server: WebServer) -> int:
    return int(psutil.Process(server.pid).memory_info().rss)
