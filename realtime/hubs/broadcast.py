"""All sending of hints, "there is more", any of which may be lost: over Redis, else within this machine.

Groups of the channel layer: `run.<id>` for one run, `runs` for the list, `access` for rights that changed. A hint is
`{"type": "hint", "run_id": 7}`, or of rights `{"type": "hint", "user_id": 3}`: a number, and nothing of what it stands
for. Only hubs join groups, never a client.
"""

from __future__ import annotations

import asyncio
import atexit
import logging
import threading
from typing import NamedTuple

from channels.layers import get_channel_layer
from django.conf import settings

from realtime.hubs import local_hints
from realtime.hubs.log_once import LogOnce
from runs.failures import thread_failures

logger = logging.getLogger(__name__)
RUN_LIST = "runs"
ACCESS = "access"
PENDING_LIMIT = 1_000
SEND_SECONDS = 5.0
PAUSE_SECONDS = 1.0
EXIT_SECONDS = 2.0
"""How long a process that ends, such as a command that revokes a token, waits for its hints of rights to be sent."""


class Hint(NamedTuple):
    """What is announced: that a run's journal has grown, or that the rights of a user changed."""

    run_id: int | None = None
    user_id: int | None = None


def run_group(run_id: int) -> str:
    """Return the name of the group of those who follow that run."""
    return f"run.{run_id}"


def crosses_processes() -> bool:
    """Tell whether the channel layer carries hints of other processes; else only those of this machine arrive."""
    return bool(settings.REDIS_URL)


def hint(run_id: int) -> None:
    """Announce from any thread that the run's journal has grown; never blocks, never raises, may be lost."""
    if crosses_processes():
        _sender.send(Hint(run_id=run_id))
    else:
        local_hints.send(run_id)


def hint_access(user_id: int) -> None:
    """Announce from any thread that the rights of a user changed; never blocks, never raises, may be lost."""
    if crosses_processes():
        _sender.send(Hint(user_id=user_id))
        _sender.flush_at_exit()
    else:
        local_hints.send_access(user_id)


async def publish(group: str, run_id: int) -> None:
    """Send one hint on this event loop; raises what the channel layer raises."""
    await get_channel_layer().group_send(group, {"type": "hint", "run_id": run_id})


class Sender:
    """Fire and forget: one event loop in a daemon thread sends, because a loop per call costs milliseconds.

    Equal hints that wait together become one; above `PENDING_LIMIT` further ones are dropped.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pending: set[Hint] = set()
        self._idle = threading.Event()
        self._flushes_at_exit = False
        self._failures = LogOnce(logger, "Sending hints over the channel layer")
        self._loop: asyncio.AbstractEventLoop | None = None
        self._wake: asyncio.Event | None = None

    def send(self, hint: Hint) -> None:
        """Queue a hint, from any thread."""
        try:
            with self._lock:
                if len(self._pending) < PENDING_LIMIT:
                    self._pending.add(hint)
                self._idle.clear()
                loop, wake = self._running()
            loop.call_soon_threadsafe(wake.set)
        except Exception as error:  # a training must never fail because somebody watches it
            self._failures.failed(error)

    def flush_at_exit(self) -> None:
        """Let the process end only when its hints are sent, or after a moment: the thread that sends ends with it."""
        with self._lock:
            if not self._flushes_at_exit:
                atexit.register(self._idle.wait, EXIT_SECONDS)
            self._flushes_at_exit = True

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
                hints, self._pending = self._pending, set()
            try:
                await asyncio.wait_for(self._publish(hints), SEND_SECONDS)
                self._failures.recovered()
                with self._lock:
                    if not self._pending:
                        self._idle.set()
            except Exception as error:  # whatever a layer raises, browsers catch up from the journal
                self._failures.failed(error)
                thread_failures.count("hints")
                await asyncio.sleep(PAUSE_SECONDS)

    async def _publish(self, hints: set[Hint]) -> None:
        for run_id, user_id in hints:
            if run_id is not None:
                await publish(run_group(run_id), run_id)
                await publish(RUN_LIST, run_id)
            if user_id is not None:
                await get_channel_layer().group_send(ACCESS, {"type": "hint", "user_id": user_id})


_sender = Sender()
