"""Tells people what happens to runs: a thread that makes the messages, and one that sends them.

Each web process has both: it knows the address that links are made of, and its machine reaches the outside where one of
the workers' may not. Several of them share the work. A worker has neither.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from django.utils import timezone

from experiments.periodic import Periodic, Seldom
from notifications import conditions, following, outbox
from notifications.deliveries.dispatch import Dispatcher
from realtime.hubs.change_mark import Mark, mark

FOLLOW_SECONDS = 1.0
LOOK_SECONDS = 15.0
DUE_SECONDS = 5.0
CLEAR_SECONDS = 3600.0


class NotificationMaker(Periodic):
    """Makes messages of what has happened: of changes of status at once, of what takes a look some seconds later."""

    def __init__(self) -> None:
        super().__init__("notifications", FOLLOW_SECONDS, keeps_connections=True)

    def jobs(self) -> Mapping[str, Callable[[], object]]:
        """Return the jobs of a round; most have a longer interval of their own."""
        return {
            "following changes of status": following.follow,
            "looking for runs that stand still": Seldom(conditions.look_at_running, LOOK_SECONDS),
            "looking for runs that wait long": Seldom(conditions.look_at_queued, LOOK_SECONDS),
            "looking at metrics": Seldom(conditions.look_at_unfinished_metrics, LOOK_SECONDS),
            "removing old messages": Seldom(lambda: outbox.remove_old(timezone.now()), CLEAR_SECONDS),
        }


class NotificationSender(Periodic):
    """Sends the messages; those that talk to receivers are threads of their dispatcher."""

    def __init__(self) -> None:
        super().__init__("notification-sender", FOLLOW_SECONDS, keeps_connections=True)
        self._dispatcher = Dispatcher()
        self._looked_at: Mark | None = None
        """The state of the database before the last look that succeeded."""
        self._next_look = 0.0  # monotonic time

    def jobs(self) -> Mapping[str, Callable[[], object]]:
        """Return the one job."""
        return {"sending messages": self._send}

    def _send(self) -> None:
        """Look for messages, unless nothing was written since the last look: that costs an idle server next to nothing.

        Messages that are tried again, and digests, become due without that: for them it looks every few seconds.
        """
        now, state = time.monotonic(), mark()
        if self._dispatcher.busy or state != self._looked_at or now >= self._next_look:
            self._looked_at, self._next_look = None, now + DUE_SECONDS
            self._dispatcher.round()
            self._looked_at = state

    def rest(self, seconds: float) -> None:
        """Pause until the next round; while messages are being sent, shortly."""
        super().rest(min(seconds, 0.1) if self._dispatcher.busy else seconds)

    def leave(self) -> None:
        """Note what came of the tries that have just ended; of the others, the claims expire."""
        self._dispatcher.store_done()
