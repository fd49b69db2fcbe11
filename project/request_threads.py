"""The threads that answer requests: each keeps its database connection, and the one that worked last works next.

So a calm server answers everything in one thread over one connection, however many it once needed. A thread that has
had no work for a while closes its connection and ends, and what large answers took goes back to the system.
"""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

from django.db import connections

from runs.curves import freed_memory

T = TypeVar("T")
IDLE_SECONDS = 60.0
MOST_THREADS = 64
"""Requests at once; more wait for a thread. Each may need a connection of its own, of which PostgreSQL has 100."""


class RequestThreads:
    """A pool of threads that grows as needed and shrinks again; to be called within one event loop."""

    def __init__(self, most: int = MOST_THREADS, idle_seconds: float = IDLE_SECONDS) -> None:
        self._idle_seconds = idle_seconds
        self._idle: list[_RequestThread] = []
        self._room = asyncio.Semaphore(most)

    async def __call__(self, work: Callable[..., T], *arguments: Any) -> T:
        """Run the work in a thread; return what it returns or raise what it raises.

        Cancelled, even several times, it ends only when the work has: a thread cannot be interrupted, what it has begun
        is stored, and until then it counts as one of the threads at work.
        """
        async with self._room:
            loop = asyncio.get_running_loop()
            done: asyncio.Future[T] = loop.create_future()
            self._thread().jobs.put((loop, done, work, arguments))
            try:
                return await asyncio.shield(done)
            except asyncio.CancelledError:
                while not done.done():
                    with suppress(asyncio.CancelledError):
                        await asyncio.wait([done])
                raise

    @property
    def idle(self) -> int:
        """How many threads wait for work."""
        return len(self._idle)

    def _thread(self) -> _RequestThread:
        """Take the thread that became idle last, or start one."""
        try:
            return self._idle.pop()
        except IndexError:
            thread = _RequestThread(self._idle, self._idle_seconds)
            thread.start()
            return thread


_Job = tuple[asyncio.AbstractEventLoop, "asyncio.Future[Any]", Callable[..., Any], tuple[Any, ...]]


class _RequestThread(threading.Thread):
    def __init__(self, idle: list[_RequestThread], idle_seconds: float) -> None:
        super().__init__(name="request", daemon=True)
        self.jobs: queue.SimpleQueue[_Job] = queue.SimpleQueue()
        self._idle, self._idle_seconds = idle, idle_seconds

    def run(self) -> None:
        """Work until there has been nothing to do for a while."""
        try:
            while True:
                try:
                    job = self.jobs.get(timeout=self._idle_seconds)
                except queue.Empty:
                    if self._retired():
                        return
                    continue
                self._do(*job)
                del job  # else the last request and its answer would stay in memory as long as the thread
        finally:
            connections.close_all()
            freed_memory.give_back()

    def _retired(self) -> bool:
        """Leave the pool; False if a job is on its way already."""
        try:
            self._idle.remove(self)
        except ValueError:
            return False
        return True

    def _do(
        self,
        loop: asyncio.AbstractEventLoop,
        done: asyncio.Future[Any],
        work: Callable[..., Any],
        arguments: tuple[Any, ...],
    ) -> None:
        result: Any = None
        error: BaseException | None = None
        try:
            result = work(*arguments)
        except StopIteration as raised:  # which no future takes
            error = RuntimeError(f"StopIteration: {raised}")
        except BaseException as raised:  # who asked gets it
            error = raised
        self._idle.append(self)  # first, so that who asks next finds it
        try:
            loop.call_soon_threadsafe(_tell, done, result, error)
        except RuntimeError:  # the loop is closed: nobody waits any more
            return


def _tell(done: asyncio.Future[Any], result: Any, error: BaseException | None) -> None:
    if error is None:
        done.set_result(result)
    else:
        done.set_exception(error)
