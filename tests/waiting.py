"""Wait for a condition with a deadline: no test sleeps for luck."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
SHORTEST, LONGEST = 0.05, 0.25  # seconds between two looks
SHARE = 0.1  # of the time that is spent looking: what a server answers with it cannot get on with


def eventually(condition: Callable[[], T | None], *, within: float = 20.0, every: float | None = None) -> T:
    """Return the condition's first true value; fail with the last one after `within` seconds.

    Where `every` does not say how many seconds to pause, a condition that takes long is looked at less often.
    """
    deadline = time.monotonic() + within
    while True:
        began = time.monotonic()
        if value := condition():
            return value
        ended = time.monotonic()
        assert ended < deadline, f"still {value!r} after {within} seconds"
        time.sleep(_pause(ended - began) if every is None else every)


def _pause(looked: float) -> float:
    """Return how long to pause after a look that took so many seconds."""
    return min(max(looked / SHARE, SHORTEST), LONGEST)
