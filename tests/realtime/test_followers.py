"""Those who have everything get what is new at once, until one cannot take it."""

from __future__ import annotations

import asyncio
import json

import pytest
from django.contrib.auth.models import User

from realtime.hubs import followers as hub_followers
from realtime.hubs.followers import Followers
from realtime.hubs.hub import Hub
from realtime.wire.frames import Frame
from tests.realtime.writing import batch_event, in_thread, running_run, store

FRAMES = [Frame(f"[{number}]", number, 1) for number in range(1, 5)]


class Client:
    """Takes so many frames."""

    def __init__(self, takes: int, error: Exception | None = None) -> None:
        self.taken: list[Frame] = []
        self._takes, self._error = takes, error

    def push(self, frame: Frame) -> bool:
        if len(self.taken) == self._takes:
            if self._error:
                raise self._error
            return False
        self.taken.append(frame)
        return True


async def begun(followers: Followers, client: Client) -> asyncio.Task[None]:
    task = asyncio.create_task(followers.follow(client.push))
    await asyncio.sleep(0)
    return task


async def test_one_that_refuses_or_fails_goes_and_the_others_get_all() -> None:
    followers, patient, slow, broken = Followers(), Client(9), Client(2), Client(1, ConnectionError("gone"))
    following, left, failed = [await begun(followers, client) for client in (patient, slow, broken)]
    for frame in FRAMES:
        await followers.push(frame)
    assert patient.taken == FRAMES
    assert slow.taken == FRAMES[:2]
    await asyncio.wait_for(left, 5)
    with pytest.raises(ConnectionError, match="gone"):
        await asyncio.wait_for(failed, 5)
    assert not following.done()
    followers.release()
    await asyncio.wait_for(following, 5)
    assert not followers


async def test_one_that_is_cancelled_gets_nothing_more() -> None:
    followers, client = Followers(), Client(9)
    following = await begun(followers, client)
    following.cancel()
    await followers.push(FRAMES[0])  # its task has not run since
    await asyncio.wait([following])
    await followers.push(FRAMES[1])
    assert following.cancelled()
    assert client.taken == FRAMES[:1]
    assert not followers


async def test_the_loop_does_other_things_while_very_many_get_a_frame(monkeypatch: pytest.MonkeyPatch) -> None:
    """A slice ends here after each client. Who goes meanwhile gets nothing more, who comes has the frame already."""
    monkeypatch.setattr(hub_followers, "SLICE_SECONDS", 0)
    followers, clients, late = Followers(), [Client(9) for _ in range(6)], Client(9)
    tasks = [await begun(followers, client) for client in clients]
    turns: list[int] = []

    async def other_things() -> None:
        while True:
            turns.append(sum(FRAMES[0] in client.taken for client in clients))
            if turns[-1] == 2:
                tasks[4].cancel()
                tasks.append(await begun(followers, late))
            await asyncio.sleep(0)

    other = asyncio.create_task(other_things())
    await followers.push(FRAMES[0])
    assert {1, 2, 4} <= {*turns}, "between any two clients; the third came while one was let in"
    assert late.taken == []
    for frame in FRAMES[1:]:
        await followers.push(frame)
    assert late.taken == FRAMES[1:]
    assert clients[4].taken == []
    assert all(client.taken == FRAMES for client in [*clients[:4], clients[5]])
    for task in (other, *tasks):
        task.cancel()


async def test_few_clients_get_a_frame_in_one_turn_of_the_loop() -> None:
    followers, clients = Followers(), [Client(9) for _ in range(3)]
    tasks = [await begun(followers, client) for client in clients]
    pushing = followers.push(FRAMES[0])
    with pytest.raises(StopIteration):
        pushing.send(None)
    assert all(client.taken == FRAMES[:1] for client in clients)
    for task in tasks:
        task.cancel()


class Viewer:
    """Reads as a client's task does: it follows where it may, and else fetches the next frame itself."""

    def __init__(self, hub: Hub, cursor: int, comes_with: list[Viewer] | None = None) -> None:
        self.seen: list[int] = []
        self.first = cursor + 1
        self._hub, self._cursor, self._comes_with = hub, cursor, comes_with
        self.task = asyncio.create_task(self._view())

    async def _view(self) -> None:
        while True:
            await self._hub.follow(self._cursor, self._push)
            self._push(await self._hub.frame_after(self._cursor))

    def _push(self, frame: Frame) -> bool:
        """Take the frame; where others come with it, one has what was before it, and one has it already."""
        if self._comes_with is not None:
            self._comes_with += [Viewer(self._hub, self._cursor), Viewer(self._hub, frame.last)]
        self.seen += [item["seq"] for item in json.loads(frame.text)]
        self._cursor = frame.last
        return True


@pytest.mark.usefixtures("within_process")
async def test_who_comes_while_a_frame_is_sent_gets_each_event_once(
    owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub_followers, "SLICE_SECONDS", 0)
    run = await in_thread(running_run, owner)
    hub = Hub(run.pk)
    last = (await asyncio.wait_for(hub.frame_after(0), 20)).last
    come = list[Viewer]()
    viewers = [Viewer(hub, last, come), *(Viewer(hub, last) for _ in range(5))]
    for step in range(1, 6):
        await asyncio.sleep(0)
        await in_thread(store, run, [batch_event(step)])
        hub.wake()
        async with asyncio.timeout(20):
            while not all(viewer.seen[-1:] == [last + step] for viewer in viewers):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
    assert len(come) == 10
    for viewer in [*viewers, *come]:
        assert viewer.seen == list(range(viewer.first, last + 6))
        viewer.task.cancel()
    hub.close()
