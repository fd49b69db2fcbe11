"""The two clocks, read here alone where a lease, a place in the queue or a duration depends on them.

Wall-clock time names a moment that other machines and people understand. It jumps when somebody sets the clock, and
while the machine sleeps. Monotonic time does neither, but means nothing on another machine or after a restart: how
long something took is measured by it.
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
    """Return that moment, or the latest of those that came first: a clock that was set back puts nothing before them.

    Those that are None have not happened.
    """
    return max([moment, *(one for one in earlier if one is not None)])


class Stopwatch:
    """How long ago it was made, whatever happens to the wall clock meanwhile."""

    def __init__(self) -> None:
        self._started = monotonic()

    @property
    def seconds(self) -> float:
        """Time that has passed; a sleep of the machine does not count."""
        return monotonic() - self._started
