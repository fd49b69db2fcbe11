"""Those who have everything get what is new at once, until one cannot take it."""

from __future__ import annotations

import asyncio

import pytest

from realtime.hubs.followers import Followers
from realtime.wire.frames import Frame

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
        followers.push(frame)
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
    followers.push(FRAMES[0])  # its task has not run since
    await asyncio.wait([following])
    followers.push(FRAMES[1])
    assert following.cancelled()
    assert client.taken == FRAMES[:1]
    assert not followers
