"""Failures of the threads that live as long as the process: logged without flooding the log, and counted.

The counts are this process's own, since it started; each loop has its own `Account`.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from types import TracebackType

logger = logging.getLogger(__name__)

REMINDER_SECONDS = 600.0
"""How long the same failure is not logged again."""

_lock = threading.Lock()
_counts: Counter[str] = Counter()


def counts() -> dict[str, int]:
    """Return how often each loop of this process has failed, by name; 0 of one that has not."""
    with _lock:
        return dict(_counts)


def count(thread: str) -> None:
    """Count a failure of a loop that logs it in its own words."""
    with _lock:
        _counts[thread] += 1


class Account:
    """The failures of one loop, which may do several jobs."""

    def __init__(self, thread: str) -> None:
        self._thread = thread
        self._logged: dict[tuple[type[BaseException], str, int], float] = {}  # monotonic time by kind of failure
        self._failing: dict[str, int] = {}  # by job, failures in a row since a logged one
        with _lock:
            _counts[thread] += 0

    def failed(self, job: str, error: BaseException, pause: float | None = None) -> None:
        """Count a failure, and log it with its traceback unless the log has the same one already.

        `pause` is after how many seconds the job is tried again.
        """
        count(self._thread)
        now, kind = time.monotonic(), (type(error), *_place(error.__traceback__))
        if job in self._failing:
            self._failing[job] += 1
        if now - self._logged.get(kind, -REMINDER_SECONDS) < REMINDER_SECONDS:
            return
        self._logged[kind] = now
        self._failing.setdefault(job, 1)
        again = "" if pause is None else f"; it is tried again in {pause:.1f} s"
        text = "%s: %s failed%s. The same failure is not logged again for %.0f minutes."
        logger.error(text, self._thread, job, again, REMINDER_SECONDS / 60, exc_info=error)

    def succeeded(self, job: str) -> None:
        """Log that the job works again, if the log has its failure."""
        if (times := self._failing.pop(job, 0)) > 0:
            logger.warning("%s: %s works again after %d failures", self._thread, job, times)


def _place(traceback: TracebackType | None) -> tuple[str, int]:
    """Return where the error was raised: the same cause fails there each time."""
    if traceback is None:
        return "", 0
    while traceback.tb_next is not None:
        traceback = traceback.tb_next
    return traceback.tb_frame.f_code.co_filename, traceback.tb_lineno
