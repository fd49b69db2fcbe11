"""Sends queued runs from the database, which is the queue, to this process's broker."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import dramatiq
from django.conf import settings

from experiments import wakeup
from experiments.periodic import Periodic
from runs.queue import startable

FEED_SECONDS = 0.2
SAFETY_NET_SECONDS = 15.0  # with a real broker: how long a queued run waits before it is sent once more


class Feeder(Periodic):
    """Sends queued runs: the only source of an embedded broker, the safety net beside a real one."""

    def __init__(self, slots: int) -> None:
        self._slots = slots
        self._embedded = settings.BROKER_EMBEDDED
        # Opening a connection five times a second would cost a worker that waits three times the look itself.
        interval = FEED_SECONDS if self._embedded else SAFETY_NET_SECONDS
        super().__init__("feeder", interval, keeps_connections=self._embedded)

    def jobs(self) -> Mapping[str, Callable[[], object]]:
        """Return the sending of queued runs."""
        return {"sending queued runs": self._feed}

    def _feed(self) -> None:
        """Send as many runs as there are slots; embedded, as are free: other workers cannot reach its queue."""
        room = self._slots
        if self._embedded:
            room -= dramatiq.get_broker().queues[wakeup.QUEUE].unfinished_tasks
        if room > 0:
            for run_id in startable().values_list("pk", flat=True)[:room]:
                wakeup.enqueue(run_id)
