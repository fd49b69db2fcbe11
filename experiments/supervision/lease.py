"""Renews the lease of a run that is carried out, and learns which stop is requested meanwhile."""

from __future__ import annotations

import threading

from django.conf import settings
from django.db import connections

from runs import json_logging, lifecycle
from runs.clock import Stopwatch
from runs.failures.thread_failures import Account
from runs.leases import Fenced
from runs.models import Run


class Lease(threading.Thread):
    """Renews the lease from a thread of its own, so that no slow step of the supervisor can lose it.

    Not a `Periodic`: it ends by itself, keeps its database connection, and waits no longer after a failure than a lease
    allows.
    """

    def __init__(self, run_id: int, attempt: int) -> None:
        super().__init__(name=f"lease-{run_id}", daemon=True)
        self._run_id, self._attempt = run_id, attempt
        self._attempt_time = Stopwatch()
        self._stopped = threading.Event()
        self._account = Account("lease")
        self.lost = threading.Event()
        self.request: str = Run.StopRequest.NONE

    @property
    def seconds(self) -> float:
        """How long the attempt has worked; neither a sleep of the machine nor a change of its clock counts."""
        return self._attempt_time.seconds

    def stop(self) -> None:
        """End the thread; the lease is neither renewed nor given up."""
        self._stopped.set()
        self.join()

    def run(self) -> None:
        """Renew once a second, which also shows a stop request; after any failure the next renewal is tried."""
        with json_logging.about(self._run_id, self._attempt):
            while not (self.lost.is_set() or self._stopped.wait(self._interval)):
                self._renew()
            connections.close_all()

    @property
    def _interval(self) -> float:
        return min(1.0, settings.LEASE_SECONDS / 4)

    def _renew(self) -> None:
        job = "renewing the lease of a run"
        try:
            self.request = lifecycle.renew(self._run_id, self._attempt, seconds=self.seconds)
        except Fenced:
            self.lost.set()
        except Exception as error:
            self._account.failed(job, error, self._interval)
            connections.close_all()  # one that was cut stays so
        else:
            self._account.succeeded(job)
