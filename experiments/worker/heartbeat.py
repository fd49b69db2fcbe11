"""Reports that a worker process is alive and what it offers, for as long as it takes runs."""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping, Sequence

from django.conf import settings

from experiments.periodic import Periodic
from experiments.processes import fork_server
from runs.failures import thread_failures
from runs.failures.recovery_clock import RecoveryClock
from runs.scheduling import workers

RENEW_SECONDS = 5.0


class Heartbeat(Periodic):
    """Registers the worker at once, renews that, removes lost workers, and deregisters it when it is stopped."""

    def __init__(self, slots: int, gpus: Sequence[str]) -> None:
        super().__init__("heartbeat", min(RENEW_SECONDS, settings.LEASE_SECONDS / 4))
        self._slots, self._gpus = slots, list(gpus)
        self._recovery_clock = RecoveryClock()

    def jobs(self) -> Mapping[str, Callable[[], object]]:
        """Return the renewal of this worker's entry, the removal of lost workers and of what nobody needs."""
        return {
            "registering the worker": self._register,
            "removing lost workers": self._remove_lost,
            "ending an idle fork server": self._end_idle_fork_server,
        }

    def leave(self) -> None:
        """Deregister the worker; where this fails, it is listed until its time runs out."""
        workers.deregister(workers.own_name())

    def _register(self) -> None:
        failures = thread_failures.counts()
        workers.register(workers.own_name(), socket.gethostname(), self._slots, self._gpus, failures)

    def _end_idle_fork_server(self) -> None:
        if settings.FORK_SERVER_IDLE_SECONDS:
            fork_server.own.end_if_idle(settings.FORK_SERVER_IDLE_SECONDS)

    def _remove_lost(self) -> None:
        if moment := self._recovery_clock.moment():
            workers.remove_lost(moment)
