"""Decide which complete epochs are written to disk at once, where writing one takes as long as an epoch. Pure."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

SHARE = 0.05  # of a training's time that writing checkpoints may take
LONGEST_SECONDS = 10.0  # of complete epochs that only the training's memory has: what a crash costs at most


class Cadence:
    """Says at the end of each epoch whether it is written now: the first always is, and so are all long ones."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._written: float | None = None  # when the last one was
        self._cost = self._ended = 0.0

    def due(self) -> bool:
        """Return whether the epoch that ends now is to be written; to be asked once per epoch."""
        now = self._clock()
        epoch, self._ended = now - self._ended, now
        if self._written is None:
            return True
        since = now - self._written
        return since >= self._cost / SHARE or since + epoch > LONGEST_SECONDS

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Measure what the block takes that writes."""
        began = self._clock()
        yield
        self._written = self._clock()
        self._cost = self._written - began
