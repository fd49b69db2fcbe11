"""When leases may be judged: after a sleep of the machine all seem expired, and their holders live."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings

from runs import clock

AWAY = 0.75
"""Time between two looks that lets a lease expire, in lengths of a lease: a holder renews it every second or so."""
JUMP = 0.25
"""By how much the wall clock may run ahead of the monotonic one or behind it between two looks, in the same."""


class RecoveryClock:
    """Of a thread that looks for expired leases again and again, and was perhaps away with all others.

    If the machine slept, the processes stood still or the clock was set since its last look, each lease seems
    expired until its holder, who was away as well, has renewed it: who of them comes first is chance. So living
    holders have the time of one lease first.
    """

    def __init__(self) -> None:
        self._now, self._at = clock.now(), clock.monotonic()
        self._patient_until = self._at

    def moment(self) -> datetime | None:
        """Return the moment by which leases are to be judged in this look, or None in a look that must not judge.

        What happens to the clock during the look does not count: judge by this moment, and by no later one.
        """
        at = clock.monotonic()  # before the wall clock: a sleep between the two is seen
        now = clock.now()
        stood_still = (now - self._now).total_seconds() > AWAY * settings.LEASE_SECONDS
        self._pass(now, at, away=stood_still)
        return now if at >= self._patient_until else None

    def rest(self) -> None:
        """Leave out what the thread has done since its look, where that may take long: it was not away, but busy.

        If it stood still meanwhile, the pause that follows is time enough for the holders to renew their leases.
        """
        now = clock.now()
        self._pass(now, clock.monotonic(), away=False)

    def _pass(self, now: datetime, at: float, *, away: bool) -> None:
        jump = (now - self._now).total_seconds() - (at - self._at)
        if away or abs(jump) > JUMP * settings.LEASE_SECONDS:
            self._patient_until = at + settings.LEASE_SECONDS
        self._now, self._at = now, at
