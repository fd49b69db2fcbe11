"""How many threads read or decode files at once."""

from __future__ import annotations

import os

MAX_THREADS = 16


def usable() -> int:
    """Count the processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def threads() -> int:
    """Return how many threads to start: one for each core, within bounds."""
    return min(usable(), MAX_THREADS)
