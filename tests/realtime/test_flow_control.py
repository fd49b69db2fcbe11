"""How much a client is sent without a sign that it reads."""

from __future__ import annotations

import asyncio
import json

from django.contrib.auth.models import User

from realtime.wire.flow_control import ACK_CHARACTERS, BURST, PACE, FlowControl
from realtime.wire.frames import Frame
from tests.realtime.listening import Listener, code_of_close
from tests.realtime.writing import in_thread, running_run, store_at_once, training_events
from tests.servers import WebServer


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def frame_of(characters: int, *, last: int = 1, events: int = 1) -> Frame:
    return Frame("x" * characters, last, events)


def test_client_that_never_acknowledges_is_paced() -> None:
    clock = Clock()
    flow = FlowControl(clock)
    flow.sent(frame_of(BURST - 1))
    assert flow.allowance() > 0
    flow.sent(frame_of(1 + PACE))
    assert flow.allowance() == 0
    clock.now += 1.1
    assert flow.allowance() > 0
    clock.now += 1e9
    flow.sent(frame_of(BURST))
    assert flow.allowance() == 0, "credit does not grow above the burst"


def test_acknowledging_client_gets_5000_events_and_no_more() -> None:
    flow = FlowControl()
    flow.acknowledged(0)
    sent = 0
    while allowance := flow.allowance():
        sent += allowance
        flow.sent(frame_of(100, last=sent, events=allowance))
    assert sent == 5_000
    flow.acknowledged(499)
    assert flow.allowance() == 0, "the first frame ends with 500"
    flow.acknowledged(500)
    assert flow.allowance() == 500


def test_acknowledging_client_is_bounded_in_characters() -> None:
    flow = FlowControl()
    flow.acknowledged(0)
    flow.sent(frame_of(ACK_CHARACTERS, last=1))
    assert flow.allowance() == 0
    flow.acknowledged(1)
    assert flow.allowance() > 0


async def test_waiting_ends_with_an_acknowledgement() -> None:
    flow = FlowControl()
    flow.acknowledged(0)
    flow.sent(frame_of(ACK_CHARACTERS, last=7))
    waiting = asyncio.create_task(flow.wait_for_allowance())
    await asyncio.sleep(0)
    assert not waiting.done()
    flow.acknowledged(7)
    assert await asyncio.wait_for(waiting, 5) == 500


async def test_waiting_ends_with_time() -> None:
    flow = FlowControl()
    flow.sent(frame_of(BURST + PACE // 10))
    assert await asyncio.wait_for(flow.wait_for_allowance(), 5) == 500


async def test_server_stops_until_acknowledged(server: WebServer, owner: User, token: str) -> None:
    run = await in_thread(running_run, owner)
    await in_thread(store_at_once, run, training_events(11_000))
    listener = Listener(server, run.pk, token)
    async with listener.connected("&ack=1") as opened:
        await listener.read_until(opened, 5_000)
        await opened.send("that closes the socket; whatever was sent before it comes first")
        assert await code_of_close(opened) == 4400
    assert listener.last == 5_000
    async with listener.connected("&ack=1") as opened:
        await listener.read_until(opened, 10_000)
        await opened.send(json.dumps({"ack": 10_000}))
        await listener.read_until(opened, 11_002)
    assert [event["seq"] for event in listener.events] == list(range(1, 11_003))
