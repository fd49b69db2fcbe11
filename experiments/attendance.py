"""A worker process says that it is alive and what it offers, as long as it takes runs."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Sequence

from django.conf import settings
from django.db import DatabaseError, connections

from runs import workers
from runs.recovery_clock import RecoveryClock

logger = logging.getLogger(__name__)

RENEW_SECONDS = 5.0


class Attendance(threading.Thread):
    """Signs in at once, renews that, forgets other workers that were lost, and signs out when it is stopped."""

    def __init__(self, slots: int, gpus: Sequence[str]) -> None:
        super().__init__(name="attendance", daemon=True)
        self._slots, self._gpus = slots, list(gpus)
        self._stopped = threading.Event()
        self._recovery_clock = RecoveryClock()

    def stop(self) -> None:
        self._stopped.set()
        self.join()

    def run(self) -> None:
        """A database that does not answer is tried again."""
        going = True
        while going:
            try:
                workers.sign_in(workers.own_name(), socket.gethostname(), self._slots, self._gpus)
                if moment := self._recovery_clock.moment():
                    workers.forget_lost(moment)
            except DatabaseError:
                logger.exception("the list of workers could not be written")
                connections.close_all()
            going = not self._stopped.wait(min(RENEW_SECONDS, settings.LEASE_SECONDS / 4))
        try:
            workers.sign_out(workers.own_name())
        except DatabaseError:
            logger.exception("this worker is listed until its time runs out")
        finally:
            connections.close_all()
