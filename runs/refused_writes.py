"""When this process last failed to store something because of a disk, which `/readyz` tells for some seconds. Pure."""

from __future__ import annotations

import time


class RefusedWrites:
    """The moment of the last write that a disk refused; one instance for the whole process."""

    def __init__(self) -> None:
        self._last: float | None = None  # monotonic time

    def note(self) -> None:
        """Note that something could not be stored just now."""
        self._last = time.monotonic()

    def within(self, seconds: float) -> bool:
        """Tell whether the last refusal is no longer ago than so many seconds."""
        return self._last is not None and time.monotonic() - self._last < seconds


refused_writes = RefusedWrites()
