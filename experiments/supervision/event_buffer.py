"""Buffers what a training sent until the database has stored it: in order, bounded, retried with growing pauses."""

from __future__ import annotations

import logging
import math
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path

import msgspec
from django.db import Error, connections

from experiments.processes.rank_process import decode_batch, encode_batch
from experiments.processes.training_process import Received
from experiments.training.contract.reports import TOGETHER, Thinned
from experiments.training.contract.spool import Spool
from runs.events import EPHEMERAL_TYPES, Stamped, utc_now
from runs.failures.backoff import Backoff

logger = logging.getLogger(__name__)

KEPT = 50_000  # messages in memory; more wait in files, and ephemeral events that these do not take are left out
DELIVERY_SECONDS = 1.0  # at most, about: what waits after an outage must hold up no request to stop
FIRST_PAUSE_SECONDS = 0.1
LONGEST_PAUSE_SECONDS = 5.0


class EventBuffer:
    """A buffer whose `store` is given a batch, and whether it was tried before.

    Errors of the database are retried; whatever else `store` raises is passed on. What no room is left for is counted,
    and reported as soon as there is room again.
    """

    def __init__(
        self, run_id: int, store: Callable[[Sequence[Received], bool], None], folder: Path | None = None
    ) -> None:
        """Store that run's messages; `folder` is where an outage of the database may put files."""
        self._run_id, self._store = run_id, store
        self._waiting: list[Received] = []
        self._spool = Spool(folder)  # of those after them
        self._left_out: Counter[str] = Counter()
        self._tried = 0  # how many of them were tried together, and may have been stored without an answer reaching us
        self._backoff, self._next_try = Backoff(FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS), 0.0
        self._failing_since: float | None = None

    @property
    def failing_seconds(self) -> float:
        """For how long the database has stored nothing; 0 while it stores what it gets."""
        return 0.0 if self._failing_since is None else time.monotonic() - self._failing_since

    def put(self, batch: Iterable[Received]) -> None:
        """Keep a batch until it is delivered; ephemeral events only as long as there is room."""
        later: list[Received] = []
        for received in batch:
            if self._spool.empty and len(self._waiting) < KEPT:
                self._waiting.append(received)
            elif self._spool.full and received.message.type in EPHEMERAL_TYPES:
                self._left_out[received.message.type] += 1
            else:
                later.append(received)
        if later:
            self._spool.put(encode_batch(later), partial(_lasting, later))

    def deliver(self) -> None:
        """Store what waits, or much of it, unless the pause after a failure is not over; never waits itself."""
        now = time.monotonic()
        if now < self._next_try:
            return
        try:
            self._deliver(until=now + DELIVERY_SECONDS)
        except Error:
            self._failed()

    def deliver_all(self) -> None:
        """Store all that waits now; raises what the database raises."""
        self._deliver(until=math.inf)

    def _deliver(self, until: float) -> None:
        """Store what waits, in order, until a moment of monotonic time; one transaction at least."""
        while self._waiting or self._refilled():
            again = self._tried > 0
            self._tried = self._tried or min(TOGETHER, len(self._waiting))
            self._store(self._waiting[: self._tried], again)
            del self._waiting[: self._tried]
            self._tried = 0
            if time.monotonic() >= until:
                break
        self._failing_since = None
        self._backoff.reset()

    def _refilled(self) -> bool:
        """Take what waits in the spool, at its end what was left out; False: there was nothing."""
        if (encoded := self._spool.get(wait=False)) is not None:
            self._waiting = decode_batch(encoded)
        elif self._left_out:
            self._waiting = [_thinned(self._left_out)]
            self._left_out.clear()
        return bool(self._waiting)

    def _failed(self) -> None:
        pause = self._backoff.failed()
        logger.exception("run %s: not stored, trying again in %.1f s", self._run_id, pause)
        connections.close_all()
        now = time.monotonic()
        self._failing_since = self._failing_since or now
        self._next_try = now + pause


def _lasting(batch: Sequence[Received]) -> bytes:
    """Encode what must arrive of a batch, with a report of the rest: for where a file does not give it back."""
    lasting = [received for received in batch if received.message.type not in EPHEMERAL_TYPES]
    left_out = Counter(received.message.type for received in batch if received.message.type in EPHEMERAL_TYPES)
    return encode_batch([*lasting, _thinned(left_out)] if left_out else lasting)


def _thinned(left_out: Mapping[str, int]) -> Received:
    thinned = Thinned(events=dict(left_out))
    return Stamped(thinned, utc_now(), msgspec.json.encode(thinned).decode())
