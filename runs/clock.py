"""The two clocks; all leases, places in the queue and durations read them here.

Wall-clock time names a moment that other machines and people understand. It jumps when the clock is set, and while the
machine sleeps. Monotonic time does neither, but means nothing on another machine or after a restart: durations are
measured by it.
"""

from __future__ import annotations

import time
from datetime import datetime

from django.utils import timezone


def now() -> datetime:
    """Return the present moment by the wall clock."""
    return timezone.now()


def monotonic() -> float:
    """Return the seconds of the monotonic clock."""
    return time.monotonic()


def not_before(moment: datetime, *earlier: datetime | None) -> datetime:
    """Return that moment, or the latest of the earlier ones: a clock that was set back must not reverse the order.

    Those that are None have not happened.
    """
    return max([moment, *(one for one in earlier if one is not None)])


class Stopwatch:
    """A measurement of the time since it was made, whatever happens to the wall clock meanwhile."""

    def __init__(self) -> None:
        self._started = monotonic()

    @property
    def seconds(self) -> float:
        """The time that has passed, in seconds; a sleep of the machine does not count."""
        return monotonic() - self._started
