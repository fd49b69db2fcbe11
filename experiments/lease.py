"""Renews the lease of a run that is carried out, and learns what is asked of it meanwhile."""

from __future__ import annotations

import logging
import threading

from django.conf import settings
from django.db import Error, connections

from runs import lifecycle, log_lines
from runs.models import Run
from runs.recorder import Fenced

logger = logging.getLogger(__name__)


class Lease(threading.Thread):
    """Renews the lease from a thread of its own, so that no slow step of the supervisor can lose it."""

    def __init__(self, run_id: int, attempt: int) -> None:
        super().__init__(name=f"lease-{run_id}", daemon=True)
        self._run_id, self._attempt = run_id, attempt
        self._stopped = threading.Event()
        self.lost = threading.Event()
        self.request: str = Run.StopRequest.NONE

    def stop(self) -> None:
        """End the thread; the lease is neither renewed nor given up."""
        self._stopped.set()
        self.join()

    def run(self) -> None:
        """Look once a second (a cancel request shows there too); a database that does not answer is tried again."""
        try:
            while not self._stopped.wait(min(1.0, settings.LEASE_SECONDS / 4)):
                self._renew()
        except Fenced:
            self.lost.set()
        finally:
            connections.close_all()

    def _renew(self) -> None:
        with log_lines.about(self._run_id, self._attempt):
            try:
                self.request = lifecycle.renew(self._run_id, self._attempt)
            except Error:
                logger.exception("run %s: lease not renewed", self._run_id)
                connections.close_all()  # one that was cut stays so
