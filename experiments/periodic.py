"""Threads that last as long as the process: they do their jobs, pause, and repeat that until stopped.

Whatever a job raises is logged and counted (`runs.failures.thread_failures`), and the job is tried again after growing
pauses.
"""

from __future__ import annotations

import logging
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping

from django.db import connections

from runs.failures.backoff import Backoff
from runs.failures.thread_failures import Account

logger = logging.getLogger(__name__)

LONGEST_PAUSE_SECONDS = 5.0  # between two tries of a failing job, unless its thread's interval is longer anyway
STOP_SECONDS = 8.0


class Periodic(threading.Thread, ABC):
    """Does its jobs at once, and then every `interval` seconds. A failing job holds up none of the others.

    Database connections are closed after each round; with `keeps_connections`, for very short intervals, only after one
    in which a job failed, and at the end.
    """

    def __init__(self, name: str, interval: float, *, keeps_connections: bool = False) -> None:
        super().__init__(name=name, daemon=True)
        self.stopping = threading.Event()
        self._interval = interval
        self._keeps_connections = keeps_connections
        self._account = Account(name)

    @abstractmethod
    def jobs(self) -> Mapping[str, Callable[[], object]]:
        """Return the jobs of a round, in order, each under the name that the log gives it."""

    def leave(self) -> None:
        """Do what is to be done once at the end."""

    def rest(self, seconds: float) -> None:
        """Pause between two rounds, no longer than until the thread is to end."""
        self.stopping.wait(seconds)

    def stop(self, seconds: float = STOP_SECONDS) -> None:
        """End the thread after its present job, and wait for that; one that hangs is left running."""
        stop_all([self], seconds)

    def run(self) -> None:
        """Repeat the jobs until `stop`; nothing else ends this."""
        turns = [_Turn(name, job, self._account, self._interval) for name, job in self.jobs().items()]
        while not self.stopping.is_set():
            succeeded = [turn.take() for turn in turns if not self.stopping.is_set()]
            if not (self._keeps_connections and all(succeeded)):
                self._close_connections()
            self.rest(self._interval)
        self._once("leaving", self.leave)
        self._close_connections()

    def _close_connections(self) -> None:
        """Close the database connections; closing one that was cut may fail as well."""
        self._once("closing the database connections", connections.close_all)

    def _once(self, name: str, job: Callable[[], object]) -> None:
        try:
            job()
        except BaseException as error:
            self._account.failed(name, error)


class _Turn:
    """One job, and when it may be tried next."""

    def __init__(self, name: str, job: Callable[[], object], account: Account, interval: float) -> None:
        self._name, self._job, self._account = name, job, account
        self._backoff = Backoff(interval, max(interval, LONGEST_PAUSE_SECONDS))
        self._next = 0.0  # monotonic time

    def take(self) -> bool:
        """Do the job unless it is too early; false where it failed."""
        if time.monotonic() < self._next:
            return True
        try:
            self._job()
        except BaseException as error:  # SystemExit too would end the thread, and silently
            pause = self._backoff.failed()
            self._next = time.monotonic() + pause
            self._account.failed(self._name, error, pause)
            return False
        self._backoff.reset()
        self._account.succeeded(self._name)
        return True


def stop_all(threads: Iterable[Periodic], seconds: float = STOP_SECONDS) -> None:
    """Stop the threads together; those that have not ended within `seconds` are left running, as the log says."""
    until = time.monotonic() + seconds
    started = [thread for thread in threads if thread.ident is not None]
    for thread in started:
        thread.stopping.set()
    for thread in started:
        thread.join(max(0.0, until - time.monotonic()))
        if thread.is_alive():
            logger.warning("%s did not end within %.0f s and is left running", thread.name, seconds)


class Seldom:
    """A job that is done again only when so many seconds have passed since it succeeded."""

    def __init__(self, job: Callable[[], object], seconds: float) -> None:
        self._job, self._seconds = job, seconds
        self._next = 0.0  # monotonic time

    def __call__(self) -> None:
        """Do the job, unless it is too early."""
        if time.monotonic() >= self._next:
            self._job()
            self._next = time.monotonic() + self._seconds
