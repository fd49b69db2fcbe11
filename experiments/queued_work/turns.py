"""Which of the queued work a thread of a worker takes next: one of each user at a time, so that none takes them all."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager

from experiments.queued_work.state import Queued


class OneOfEachUser:
    """The users for whom this process works at the moment: one piece each."""

    def __init__(self, next_queued: Callable[[Collection[int]], Queued | None]) -> None:
        """Ask `next_queued` for the next one that is of none of these users."""
        self._next_queued = next_queued
        self._lock = threading.Lock()
        self._users: set[int] = set()

    @contextmanager
    def next_queued(self) -> Iterator[int | None]:
        """Choose what to do next; until the block is left, nothing else of the same user is chosen."""
        with self._lock:
            chosen = self._next_queued(self._users)
            if chosen:
                self._users.add(chosen.owner)
        try:
            yield chosen and chosen.pk
        finally:
            if chosen:
                with self._lock:
                    self._users.discard(chosen.owner)
