"""Decide when leases may be judged: after a sleep of the machine all seem expired, though their holders live."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings

from runs import clock

AWAY = 0.75
"""Time between two checks that lets a lease expire, in lengths of a lease: a holder renews it every second or so."""
JUMP = 0.25
"""How far the wall clock may gain or lose against the monotonic one between two checks, in lengths of a lease."""


class RecoveryClock:
    """The clock of a thread that checks for expired leases again and again, and may have been asleep itself.

    If the machine slept, the processes were stopped or the clock was set since its last check, each lease seems expired
    until its holder, who was asleep as well, has renewed it: which of them comes first is chance. So living holders get
    the time of one lease first.
    """

    def __init__(self) -> None:
        self._now, self._at = clock.now(), clock.monotonic()
        self._patient_until = self._at

    def moment(self) -> datetime | None:
        """Return the moment by which this check judges leases, or None if it must not judge.

        What happens to the clock during the check does not count: judge by this moment, and by no later one.
        """
        at = clock.monotonic()  # before the wall clock: a sleep between the two is seen
        now = clock.now()
        stood_still = (now - self._now).total_seconds() > AWAY * settings.LEASE_SECONDS
        self._pass(now, at, away=stood_still)
        return now if at >= self._patient_until else None

    def mark_idle(self) -> None:
        """Exclude what the thread has done since its check, where that may take long: it was only busy.

        If it stood still meanwhile, the pause that follows is time enough for the holders to renew their leases.
        """
        now = clock.now()
        self._pass(now, clock.monotonic(), away=False)

    def _pass(self, now: datetime, at: float, *, away: bool) -> None:
        jump = (now - self._now).total_seconds() - (at - self._at)
        if away or abs(jump) > JUMP * settings.LEASE_SECONDS:
            self._patient_until = at + settings.LEASE_SECONDS
        self._now, self._at = now, at
