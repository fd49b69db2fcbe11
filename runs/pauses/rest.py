"""Pauses in proportion to what the work before them cost: what looks again and again takes a bounded share of a core.

Cheap work is done often, expensive work rarely; what it costs depends on the data, so it is measured each time.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import NamedTuple, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class Rest(NamedTuple):
    """A rule: a pause lasts `times` the CPU time of the work, but never less than `least` nor more than `longest`.

    Times are in seconds. The share of a core is 1 / (1 + `times`) at most, as long as no pause would be the longest.
    """

    times: float
    least: float = 0.0
    longest: float = math.inf

    def after(self, cost: float) -> float:
        """Return how long to pause after work that took so much CPU time."""
        return min(max(self.least, self.times * cost), self.longest)


def with_cost(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> tuple[T, float]:
    """Do the work; return what it returns, and the CPU time that it took of this thread."""
    began = time.thread_time()
    found = work(*args, **kwargs)
    return found, time.thread_time() - began
