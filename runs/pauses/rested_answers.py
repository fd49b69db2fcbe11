"""Answers that took long to compute, given again for a while: an open page asks after each epoch, and many pages do."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable
from typing import Generic, NamedTuple, TypeVar

from runs.pauses.rest import Rest, with_cost

T = TypeVar("T")
FREE_SECONDS = 0.02
"""An answer that took no more CPU time is computed each time: a page asks every two seconds at most."""
LONGEST_SECONDS = 30.0
REST = Rest(200, longest=LONGEST_SECONDS)
"""A longer one stands for two hundred times the CPU time that it took: half a percent of a core."""
KEPT = 100


class _Kept(NamedTuple, Generic[T]):
    answer: T
    state: Hashable
    until: float  # monotonic time


class RestedAnswers(Generic[T]):
    """Answers by what they are about; one is void as soon as the `state` that it is of is another."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: dict[int, _Kept[T]] = {}

    def answer(self, about: int, state: Hashable, compute: Callable[[], T]) -> T:
        """Return the answer that stands, else compute it."""
        with self._lock:
            kept = self._kept.get(about)
        if kept is not None and kept.state == state and time.monotonic() < kept.until:
            return kept.answer
        found, took = with_cost(compute)
        self._keep(about, state, found, took)
        return found

    def _keep(self, about: int, state: Hashable, found: T, took: float) -> None:
        with self._lock:
            self._kept.pop(about, None)
            if took > FREE_SECONDS:
                until = time.monotonic() + REST.after(took)
                self._kept[about] = _Kept(found, state, until)
            while len(self._kept) > KEPT:
                del self._kept[next(iter(self._kept))]
