"""The newest part of a run's stream, kept encoded for all clients of this process."""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from collections.abc import Iterable
from itertools import islice

from realtime.wire.frames import FRAME_EVENTS, Item, skipped

RING_ITEMS = 5_000
RING_CHARACTERS = 4_194_304


class RingBuffer:
    """Items of the numbers after `start` up to `head`, without gaps; bounded in items and characters."""

    def __init__(self, run_id: int, start: int) -> None:
        self.start = self.head = start
        self._run_id = run_id
        self._items: deque[Item] = deque()
        self._characters = 0

    @property
    def typical_characters(self) -> int:
        """Mean length of an item, at least 1."""
        return self._characters // max(1, len(self._items)) or 1

    def extend(self, items: Iterable[Item]) -> None:
        """Add items that follow `head`; the oldest ones make room."""
        for item in items:
            self._items.append(item)
            self._characters += len(item.text)
            self.head = item.last
        while len(self._items) > RING_ITEMS or self._characters > RING_CHARACTERS:
            oldest = self._items.popleft()
            self._characters -= len(oldest.text)
            self.start = oldest.last

    def after(self, cursor: int, limit: int = FRAME_EVENTS) -> list[Item]:
        """Return at most `limit` items that follow `cursor`, which must lie between `start` and `head`."""
        index = bisect_right(self._items, cursor, key=lambda item: item.last)
        found = list(islice(self._items, index, index + limit))
        if found and found[0].first <= cursor:  # only a marker covers more than one number
            found[0] = skipped(self._run_id, cursor + 1, found[0].last)
        return found
