"""The threads that answer requests: few, the last one first, gone when there is nothing to do."""

from __future__ import annotations

import asyncio
import threading
import time
import weakref
from contextlib import suppress

import pytest

from project.request_threads import RequestThreads


async def test_a_calm_server_answers_everything_in_one_thread() -> None:
    threads = RequestThreads(idle_seconds=0.2)
    assert len({await threads(threading.get_ident) for _ in range(20)}) == 1


async def test_as_many_threads_as_requests_at_once_and_the_last_one_is_used_again() -> None:
    threads = RequestThreads(idle_seconds=0.5)
    together = threading.Barrier(3)

    def ident() -> int:
        together.wait(10)
        return threading.get_ident()

    assert len(set(await asyncio.gather(*(threads(ident) for _ in range(3))))) == 3
    assert threads.idle == 3
    assert len({await threads(threading.get_ident) for _ in range(10)}) == 1


async def test_threads_without_work_end() -> None:
    threads = RequestThreads(idle_seconds=0.05)
    thread = await threads(threading.current_thread)
    await asyncio.to_thread(thread.join, 10)
    assert not thread.is_alive()
    assert threads.idle == 0
    assert await threads(threading.get_ident)


async def test_more_requests_than_threads_wait() -> None:
    threads = RequestThreads(2, idle_seconds=0.2)
    idents = await asyncio.gather(*(threads(_slow_ident) for _ in range(6)))
    assert len(set(idents)) == 2


def _slow_ident() -> int:
    time.sleep(0.01)
    return threading.get_ident()


async def test_errors_reach_who_asked_and_the_thread_goes_on() -> None:
    threads = RequestThreads(idle_seconds=0.2)
    with pytest.raises(ZeroDivisionError):
        await threads(lambda: 1 / 0)
    with pytest.raises(RuntimeError, match="StopIteration"):
        await threads(next, iter(()))
    assert await threads(lambda: 7) == 7


async def test_nothing_of_a_request_stays_in_the_thread() -> None:
    threads = RequestThreads(idle_seconds=10)
    work = _Work()
    known = weakref.ref(work)
    assert await threads(work) is work
    del work
    for _ in range(500):
        if known() is not None:
            await asyncio.sleep(0.01)
    assert known() is None
    assert threads.idle == 1


class _Work:
    def __call__(self) -> _Work:
        return self


async def test_a_cancelled_request_ends_with_its_work() -> None:
    threads = RequestThreads(idle_seconds=0.2)
    begun, go_on, ended = threading.Event(), threading.Event(), threading.Event()

    def work() -> None:
        begun.set()
        go_on.wait(10)
        ended.set()

    task = asyncio.create_task(threads(work))
    assert await asyncio.to_thread(begun.wait, 10)
    for _ in range(3):  # Daphne does so every second
        task.cancel()
        await asyncio.sleep(0.01)
        assert not task.done()
    go_on.set()
    with suppress(asyncio.CancelledError):
        await task
    assert ended.is_set()
    assert task.cancelled()
