"""Remember when a disk last refused this process a write, which `/readyz` reports for some seconds. Pure."""

from __future__ import annotations

import time


class RefusedWrites:
    """The moment of the last write that a disk refused; one instance for the whole process."""

    def __init__(self) -> None:
        self._last: float | None = None  # monotonic time

    def note(self) -> None:
        """Remember that something could not be stored just now."""
        self._last = time.monotonic()

    def within(self, seconds: float) -> bool:
        """Return whether the last refusal was within so many seconds."""
        return self._last is not None and time.monotonic() - self._last < seconds


refused_writes = RefusedWrites()
