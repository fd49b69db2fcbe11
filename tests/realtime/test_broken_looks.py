"""A hub whose look at the journal fails in the middle goes on where it was: clients get no event twice."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable

import pytest
from django.contrib.auth.models import User

from realtime.hubs import hub
from realtime.hubs.hub import Hub
from realtime.wire.frames import FRAME_EVENTS, Frame, Item, read
from tests.realtime.writing import in_thread, running_run, store_at_once, training_events

pytestmark = pytest.mark.usefixtures("within_process")
LAST = 2 * FRAME_EVENTS + 102


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Let the second page of the first long look fail, once; return where it began."""
    failed: list[int] = []

    def fail_once(run_id: int, after: int, until: int) -> list[Item]:
        if not failed:
            failed.append(after)
            raise RuntimeError("the disk does not answer")
        return read(run_id, after, until)

    monkeypatch.setattr(hub, "read", fail_once)
    monkeypatch.setattr(hub, "RETRY_SECONDS", 0.01)
    return failed


async def numbers(found: Hub, cursor: int, until: int) -> list[int]:
    """Read as a client does that has everything up to `cursor`."""
    seen: list[int] = []
    while cursor < until:
        frame = await asyncio.wait_for(found.frame_after(cursor), 20)
        assert frame.last > cursor, "back to what it has"
        seen += [item["seq"] for item in json.loads(frame.text)]
        cursor = frame.last
    return seen


def taking(seen: list[int]) -> Callable[[Frame], bool]:
    def push(frame: Frame) -> bool:
        seen.extend(item["seq"] for item in json.loads(frame.text))
        return True

    return push


async def test_of_a_hub_that_begins(owner: User, broken: list[int]) -> None:
    run = await in_thread(running_run, owner)
    await in_thread(store_at_once, run, training_events(LAST - 2))
    found = Hub(run.pk)
    for cursor in (0, 300, FRAME_EVENTS):
        assert await numbers(found, cursor, LAST) == list(range(cursor + 1, LAST + 1))
    assert broken == [FRAME_EVENTS]
    found.close()


async def test_of_a_hub_that_has_followed(owner: User, broken: list[int]) -> None:
    run = await in_thread(running_run, owner)
    found, followed = Hub(run.pk), list[int]()
    assert await numbers(found, 0, 2) == [1, 2]
    following = asyncio.create_task(found.follow(2, taking(followed)))
    await in_thread(store_at_once, run, training_events(LAST - 2))
    found.wake()
    for cursor in (2, 300, FRAME_EVENTS + 2):
        assert await numbers(found, cursor, LAST) == list(range(cursor + 1, LAST + 1))
    assert broken == [FRAME_EVENTS + 2]
    assert followed == list(range(3, LAST + 1))
    following.cancel()
    found.close()
