"""Hints between processes of one machine: they arrive, they never hurt, and no dead socket stays."""

from __future__ import annotations

import asyncio
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from realtime.hubs import local_hints
from realtime.hubs.local_hints import Listener


@pytest.fixture(autouse=True)
def home(settings: Settings) -> Iterator[Path]:
    """Give a home short enough for sockets, whatever the folder for temporary files is."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        settings.LIVETRAIN_HOME = Path(folder)
        yield Path(folder)


class Heard(asyncio.Queue[int]):
    """What a listener was told."""

    async def next(self, count: int) -> list[int]:
        return [await asyncio.wait_for(self.get(), 10) for _ in range(count)]


def ignore(_user_id: int) -> None:
    """Take no notice of rights."""


async def test_rights_of_users_are_told_apart_from_runs_and_first() -> None:
    told: asyncio.Queue[tuple[str, int]] = asyncio.Queue()
    listener = Listener(
        lambda number: told.put_nowait(("run", number)), lambda number: told.put_nowait(("user", number))
    )
    local_hints.send(3)
    for user_id in (3, 3, 4):
        local_hints.send_access(user_id)
    found = [await asyncio.wait_for(told.get(), 10) for _ in range(3)]
    assert sorted(found[:2]) == [("user", 3), ("user", 4)]
    assert found[2] == ("run", 3)
    listener.close()


async def test_all_who_listen_are_told(home: Path) -> None:
    heard = (Heard(), Heard())
    listeners = [Listener(each.put_nowait, ignore) for each in heard]
    local_hints.send(7)
    assert [await each.next(1) for each in heard] == [[7], [7]]
    for listener in listeners:
        listener.close()
    local_hints.send(8)
    assert not [*local_hints.folder().iterdir()], "closed sockets are gone"
    assert all(each.empty() for each in heard)


async def test_equal_hints_that_wait_together_become_one() -> None:
    heard = Heard()
    listener = Listener(heard.put_nowait, ignore)
    for run_id in (3, 3, 4, 3):
        local_hints.send(run_id)
    assert sorted(await heard.next(2)) == [3, 4]
    listener.close()


async def test_a_full_queue_and_foreign_bytes_cost_nothing() -> None:
    heard = Heard()
    listener = Listener(heard.put_nowait, ignore)
    [path] = local_hints.folder().iterdir()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as stranger:
        for message in (b"", b"no number", b"-1", b"9" * 30, b"user", b"user x", b"user 1 2"):
            stranger.sendto(message, str(path))
    for _ in range(2_000):  # nobody reads meanwhile: what finds no room is lost
        local_hints.send(5)
    assert await heard.next(1) == [5]
    listener.close()


async def test_sockets_of_killed_processes_of_this_machine_are_removed() -> None:
    heard = Heard()
    first = Listener(heard.put_nowait, ignore)
    [path] = local_hints.folder().iterdir()
    first.close()
    names = [f"{path.name.split('-')[0]}-1-0", "another-1-0"]
    for name in names:
        dead = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        dead.bind(str(local_hints.folder() / name))
        dead.close()
    local_hints.send(1)  # finds dead ones too
    listener = Listener(heard.put_nowait, ignore)
    left = {path.name for path in local_hints.folder().iterdir()}
    assert names[0] not in left
    assert names[1] in left, "of another machine with the same home"
    listener.close()


async def test_a_home_too_deep_for_sockets_is_polled(settings: Settings, home: Path) -> None:
    settings.LIVETRAIN_HOME = home / ("deep" * 30)
    heard = Heard()
    Listener(heard.put_nowait, ignore).close()
    local_hints.send(1)
    assert heard.empty()


def test_nothing_happens_where_nobody_ever_listened(home: Path) -> None:
    local_hints.send(1)
    assert not [*home.iterdir()]
