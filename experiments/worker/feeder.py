"""Sends queued runs from the database, which is the queue, to this process's broker."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import dramatiq
from django.conf import settings

from experiments import wakeup
from experiments.periodic import Periodic
from experiments.processes import fork_server
from experiments.worker.wakeup_socket import WakeupSocket
from runs.queue import any_waits, startable

FEED_SECONDS = 0.2  # with the embedded broker, where nobody wakes it before
SAFETY_NET_SECONDS = 15.0  # with a real broker: how long a queued run waits before it is sent once more


class Feeder(Periodic):
    """Sends queued runs: the only source of an embedded broker, the safety net beside a real one."""

    def __init__(self, slots: int) -> None:
        self._slots = slots
        self._embedded = settings.BROKER_EMBEDDED
        # Opening a connection five times a second would cost a worker that waits three times the look itself.
        interval = FEED_SECONDS if self._embedded else SAFETY_NET_SECONDS
        super().__init__("feeder", interval, keeps_connections=self._embedded)
        self._wakeups: WakeupSocket | None = None
        self._is_asked_for = False  # a run that is not queued yet

    def jobs(self) -> Mapping[str, Callable[[], object]]:
        """Return the sending of queued runs; from now on, what wakes workers with the embedded broker is heard."""
        if self._embedded:
            self._wakeups = WakeupSocket()
        return {"loading the fork server": self._load_ahead, "sending queued runs": self._feed}

    def rest(self, seconds: float) -> None:
        """Pause until a run may have been queued: its start waits for no interval."""
        heard = None if self._wakeups is None else self._wakeups.wait(seconds)
        if heard is None:
            super().rest(seconds)
        elif wakeup.SOON in heard:
            self._is_asked_for = True

    def leave(self) -> None:
        """Close what it was woken by."""
        if self._wakeups is not None:
            self._wakeups.close()

    def _load_ahead(self) -> None:
        if self._is_asked_for:
            self._is_asked_for = False
            fork_server.own.load_ahead()

    def _feed(self) -> None:
        """Send as many runs as there are slots; embedded, as are free: other workers cannot reach its queue."""
        room = self._slots
        if self._embedded:
            room -= dramatiq.get_broker().queues[wakeup.QUEUE].unfinished_tasks
        if room > 0 and any_waits():
            for run_id in startable().values_list("pk", flat=True)[:room]:
                wakeup.enqueue(run_id)
