"""When leases may be judged: after a sleep of the machine all seem expired, and their holders live."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings

from runs import clock

AWAY = 0.75
"""Time between two looks that lets a lease expire, in lengths of a lease: a holder renews it every second or so."""
SET_BACK = 0.25
"""How far the clock may go back between two looks, in the same."""


class RecoveryClock:
    """Of a thread that looks for expired leases again and again, and was perhaps away with all others.

    If the machine slept, the processes stood still or the clock was set since its last look, each lease seems
    expired until its holder, who was away as well, has renewed it: who of them comes first is chance. So living
    holders have the time of one lease first.
    """

    def __init__(self) -> None:
        self._patient_until = clock.monotonic()
        self.rest()

    def moment(self) -> datetime | None:
        """Return the moment by which leases are to be judged in this look, or None in a look that must not judge.

        What happens to the clock during the look does not count: judge by this moment, and by no later one.
        """
        at = clock.monotonic()  # before the wall clock: a sleep between the two is seen
        now = clock.now()
        if self._was_away(at, now):
            self._patient_until = at + settings.LEASE_SECONDS
        self._at, self._now = at, now
        return now if at >= self._patient_until else None

    def rest(self) -> None:
        """Leave out what the thread has done since its look, where that may take long: it was not away, but busy.

        The pause that follows is time enough for the holders to renew their leases.
        """
        self._now, self._at = clock.now(), clock.monotonic()

    def _was_away(self, at: float, now: datetime) -> bool:
        passed = (now - self._now).total_seconds()
        set_back = passed < (at - self._at) - SET_BACK * settings.LEASE_SECONDS
        return set_back or passed > AWAY * settings.LEASE_SECONDS
