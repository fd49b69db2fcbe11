"""All sending of hints, "there is more", any of which may be lost: over Redis, else within this machine.

Groups of the channel layer: `run.<id>` for one run, `runs` for the list. A hint is `{"type": "hint", "run_id": 7}`.
"""

from __future__ import annotations

import asyncio
import logging
import threading

from channels.layers import get_channel_layer
from django.conf import settings

from realtime.hubs import local_hints
from realtime.hubs.log_once import LogOnce
from runs.failures import thread_failures

logger = logging.getLogger(__name__)
RUN_LIST = "runs"
PENDING_LIMIT = 1_000
SEND_SECONDS = 5.0
PAUSE_SECONDS = 1.0


def run_group(run_id: int) -> str:
    """Return the name of the group of those who follow that run."""
    return f"run.{run_id}"


def crosses_processes() -> bool:
    """Tell whether the channel layer carries hints of other processes; else only those of this machine arrive."""
    return bool(settings.REDIS_URL)


def hint(run_id: int) -> None:
    """Announce from any thread that the run's journal has grown; never blocks, never raises, may be lost."""
    if crosses_processes():
        _sender.hint(run_id)
    else:
        local_hints.send(run_id)


async def publish(group: str, run_id: int) -> None:
    """Send one hint on this event loop; raises what the channel layer raises."""
    await get_channel_layer().group_send(group, {"type": "hint", "run_id": run_id})


class Sender:
    """Fire and forget: one event loop in a daemon thread sends, because a loop per call costs milliseconds.

    Hints of one run that wait together become one; above `PENDING_LIMIT` runs further hints are dropped.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pending: set[int] = set()
        self._failures = LogOnce(logger, "Sending hints over the channel layer")
        self._loop: asyncio.AbstractEventLoop | None = None
        self._wake: asyncio.Event | None = None

    def hint(self, run_id: int) -> None:
        """Queue a hint, from any thread."""
        try:
            with self._lock:
                if len(self._pending) < PENDING_LIMIT:
                    self._pending.add(run_id)
                loop, wake = self._running()
            loop.call_soon_threadsafe(wake.set)
        except Exception as error:  # a training must never fail because somebody watches it
            self._failures.failed(error)

    def _running(self) -> tuple[asyncio.AbstractEventLoop, asyncio.Event]:
        if self._loop is None or self._wake is None:
            self._loop, self._wake = asyncio.new_event_loop(), asyncio.Event()
            threading.Thread(target=self._run, args=(self._loop, self._wake), name="hints", daemon=True).start()
        return self._loop, self._wake

    def _run(self, loop: asyncio.AbstractEventLoop, wake: asyncio.Event) -> None:
        loop.run_until_complete(self._send_forever(wake))

    async def _send_forever(self, wake: asyncio.Event) -> None:
        while True:
            await wake.wait()
            wake.clear()
            with self._lock:
                run_ids, self._pending = self._pending, set()
            try:
                await asyncio.wait_for(self._send(run_ids), SEND_SECONDS)
                self._failures.recovered()
            except Exception as error:  # whatever a layer raises, browsers catch up from the journal
                self._failures.failed(error)
                thread_failures.count("hints")
                await asyncio.sleep(PAUSE_SECONDS)

    async def _send(self, run_ids: set[int]) -> None:
        for run_id in run_ids:
            await publish(run_group(run_id), run_id)
            await publish(RUN_LIST, run_id)


_sender = Sender()
