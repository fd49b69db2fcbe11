"""Wait until runs' journals grow: any number of waiting clients cost one small query per tick together."""

from __future__ import annotations

import asyncio
from asyncio import AbstractEventLoop
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from weakref import WeakKeyDictionary

from django.db import connection

from request_ids.current import of_no_request
from runs.failures.backoff import Backoff
from runs.failures.thread_failures import Account
from runs.models import Run
from runs.queries import Head, heads

TICK = 0.05  # seconds between two reads of the watched runs
LONGEST_PAUSE = 1.0  # seconds, while reading fails


class JournalWatch:
    """The watch of one event loop; its task lives while clients wait."""

    def __init__(self) -> None:
        self._waiting: dict[int, dict[asyncio.Future[Head], int]] = {}
        self._task: asyncio.Task[None] | None = None

    async def wait_for_growth(self, run_id: int, after: int, seconds: float) -> Head | None:
        """Return the head once the journal is beyond `after` or the run has ended; None: neither in time."""
        future: asyncio.Future[Head] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(run_id, {})[future] = after
        if self._task is None:
            self._task = asyncio.create_task(self._run(), context=of_no_request())
        try:
            return await asyncio.wait_for(future, seconds)
        except TimeoutError:
            return None
        finally:
            self._waiting.get(run_id, {}).pop(future, None)

    async def _run(self) -> None:
        # A thread of its own: an executor of asgiref's would lend it the connection of some request.
        with ThreadPoolExecutor(1, "journal-watch") as executor:
            loop = asyncio.get_running_loop()
            backoff = Backoff(TICK, LONGEST_PAUSE)
            try:
                while watched := self._watched():
                    found = await loop.run_in_executor(executor, _read_heads, watched)
                    if found is not None:
                        self._notify(found)
                        backoff.reset()
                    await asyncio.sleep(backoff.failed() if found is None else TICK)
            finally:
                self._task = None  # before anything is awaited: a client that comes now needs a new task
                await loop.run_in_executor(executor, _close)

    def _watched(self) -> list[int]:
        self._waiting = {run_id: clients for run_id, clients in self._waiting.items() if clients}
        return list(self._waiting)

    def _notify(self, found: Iterable[Head]) -> None:
        for head in found:
            for future, after in self._waiting.get(head.id, {}).items():
                if not future.done() and (head.last_seq > after or head.status in Run.ENDED):
                    future.set_result(head)


def _read_heads(run_ids: list[int]) -> list[Head] | None:
    """Read the heads; None on failure: a database that is away for a moment must not wake or fail the waiting."""
    try:
        found = heads(run_ids)
    except Exception as error:
        _account.failed("looking for new events", error)
        _close()
        return None
    _account.succeeded("looking for new events")
    return found


def _close() -> None:
    """Close the calling thread's connection: `connection` means another one in each thread."""
    connection.close()


_account = Account("journal-watch")
_watches: WeakKeyDictionary[AbstractEventLoop, JournalWatch] = WeakKeyDictionary()


def journal_watch() -> JournalWatch:
    """Return the watch of the running event loop: a server has one, tests have many."""
    return _watches.setdefault(asyncio.get_running_loop(), JournalWatch())
