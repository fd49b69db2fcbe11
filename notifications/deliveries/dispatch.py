"""Sends what is due: a few messages at a time, one of a subscription, so that no receiver holds up the others.

Each message that is being sent has a thread of its own, which talks to the network alone; what comes of it is stored by
the thread that calls `round`. Half of the places are kept for receivers that work: however many hang, the others get
their messages within seconds.
"""

from __future__ import annotations

import functools
import queue
import threading
from collections.abc import Callable
from datetime import datetime

from django.utils import timezone

from notifications import outbox
from notifications.deliveries import digests, mails, sending
from notifications.deliveries.digests import Digest
from notifications.models import Message
from notifications.outbox import Outcome

PLACES = 8
OF_FAILING = 4
"""Places that receivers may have whose last try failed."""
_Done = tuple[list[Message], Outcome, str]


class Dispatcher:
    """What is being sent by this process. Only its owner's thread calls its methods."""

    def __init__(self, send: Callable[[Message], Outcome] = sending.send) -> None:
        self._send = send
        self._done: queue.SimpleQueue[_Done] = queue.SimpleQueue()
        self._busy: dict[int, bool] = {}
        """Messages that are being sent, by number: whether their receivers failed before."""

    @property
    def busy(self) -> int:
        """How many messages are being sent."""
        return len(self._busy)

    def round(self, now: datetime | None = None) -> None:
        """Store what came of earlier tries, and begin as many as there is room for."""
        self.store_done(now)
        self._begin_single(now or timezone.now())
        self._begin_digest(now or timezone.now())

    def store_done(self, now: datetime | None = None, *, wait: float = 0.0) -> None:
        """Store what came of the tries that have ended; with `wait`, wait so many seconds for the next one."""
        while True:
            try:
                messages, outcome, address = self._done.get(timeout=wait) if wait else self._done.get_nowait()
            except queue.Empty:
                return
            wait = 0.0
            if address and outcome.error:
                digests.give_back(address)
            for message in messages:
                self._busy.pop(message.pk, None)
                outbox.record(message, outcome, now or timezone.now())

    def _begin_single(self, now: datetime) -> None:
        for place in outbox.next_of_each(now, limit=4 * PLACES):
            if len(self._busy) >= PLACES:
                return
            if place.is_failing and sum(self._busy.values()) >= OF_FAILING:
                return  # those that work came first
            for message in outbox.claim([place.message_id], now):
                if self._may_have(message, now):
                    self._start([message], functools.partial(self._send, message), place.is_failing)

    def _begin_digest(self, now: datetime) -> None:
        if len(self._busy) >= PLACES:
            return
        digest = digests.claim_next(now)
        if digest is None:
            return
        allowed = [message for message in digest.messages if self._may_have(message, now)]
        if allowed:
            self._start(allowed, lambda: _mailed(Digest(digest.address, allowed)), False, digest.address)
        else:
            digests.give_back(digest.address)

    def _may_have(self, message: Message, now: datetime) -> bool:
        """Return whether the receiver may have a message; one that it may not is dropped."""
        refused = sending.refusal(message)
        if refused is not None:
            outbox.record(message, refused, now)
        return refused is None

    def _start(self, messages: list[Message], send: Callable[[], Outcome], is_failing: bool, address: str = "") -> None:
        self._busy |= {message.pk: is_failing for message in messages[:1]}

        def carry() -> None:
            try:
                outcome = send()
            except Exception as error:  # a fault of ours costs one try, and not the place
                outcome = Outcome(f"It could not be sent: {type(error).__name__}.")
            self._done.put((messages, outcome, address))

        threading.Thread(target=carry, name="notification-send", daemon=True).start()


def _mailed(digest: Digest) -> Outcome:
    try:
        return sending.mailed(digest.address, digest.messages)
    except mails.MailFailed as error:
        return Outcome(str(error))
