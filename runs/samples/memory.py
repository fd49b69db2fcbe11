"""Columns that were unpacked, kept for the next reader of this process: bounded, the longest unused go first."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable
from typing import NamedTuple

from runs.samples.tables import NOTHING, Column

MOST_BYTES = 67_108_864


class Kept(NamedTuple):
    """A column of the numbers up to `until`, out of so many rows."""

    until: int
    of: int
    column: Column


EMPTY = Kept(0, 0, NOTHING)


class Memory:
    """Safe to use from several threads. Columns never change, they only grow longer."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most = most_bytes
        self._kept: OrderedDict[Hashable, Kept] = OrderedDict()
        self._size = 0
        self._lock = threading.Lock()

    def get(self, key: Hashable) -> Kept:
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
            return self._kept.get(key, EMPTY)

    def put(self, key: Hashable, kept: Kept) -> None:
        """One that is larger than all the room is not kept, nor one that reaches less far than what is there."""
        with self._lock:
            if kept.until < self._kept.get(key, EMPTY).until:
                return
            old = self._kept.pop(key, None)
            self._size += kept.column.size - (old.column.size if old else 0)
            self._kept[key] = kept
            while self._size > self._most:
                _, gone = self._kept.popitem(last=False)
                self._size -= gone.column.size

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._kept.clear()
            self._size = 0

    @property
    def size(self) -> int:
        """Bytes kept."""
        return self._size


memory = Memory()
"""Of this process."""
