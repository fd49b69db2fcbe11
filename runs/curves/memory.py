"""A cache of decoded columns for the next reader of this process: bounded, least recently used out first.

Once nobody has read anything for a while, all of it is removed: an idle process is then as small as before.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Hashable
from typing import NamedTuple

from runs.curves import freed_memory
from runs.curves.tables import NOTHING, Column

MOST_BYTES = 67_108_864
UNUSED_SECONDS = 60.0


class CachedColumn(NamedTuple):
    """A column decoded from compacted ranges up to number `until`, out of `row_count` rows."""

    until: int
    row_count: int
    column: Column


EMPTY = CachedColumn(0, 0, NOTHING)


class ColumnCache:
    """A cache of at most `most_bytes` of columns, safe to use from several threads.

    Columns never change, they only grow longer. A thread that lives as long as there are some removes them when
    nobody has used any for `unused_seconds`.
    """

    def __init__(self, most_bytes: int = MOST_BYTES, unused_seconds: float = UNUSED_SECONDS) -> None:
        self._most, self._unused_seconds = most_bytes, unused_seconds
        self._used = 0.0  # monotonic time
        self._watched = False
        self._entries: OrderedDict[Hashable, CachedColumn] = OrderedDict()
        self._size = 0
        self._lock = threading.Lock()

    def get(self, key: Hashable) -> CachedColumn:
        """Return the cached column, `EMPTY` if there is none, and mark it as recently used."""
        with self._lock:
            self._used = time.monotonic()
            if key in self._entries:
                self._entries.move_to_end(key)
            return self._entries.get(key, EMPTY)

    def put(self, key: Hashable, entry: CachedColumn) -> None:
        """Cache a column, unless a longer one is there; drop the least recently used ones to make room.

        A column larger than the whole cache is not kept.
        """
        with self._lock:
            self._used = time.monotonic()
            if entry.until < self._entries.get(key, EMPTY).until:
                return
            old = self._entries.pop(key, None)
            self._size += entry.column.size - (old.column.size if old else 0)
            self._entries[key] = entry
            while self._size > self._most:
                _, gone = self._entries.popitem(last=False)
                self._size -= gone.column.size
            if self._entries and not self._watched:
                self._watched = True
                threading.Thread(target=self._watch, name="column cache", daemon=True).start()

    def clear(self) -> None:
        """Remove everything."""
        with self._lock:
            self._entries.clear()
            self._size = 0

    def _watch(self) -> None:
        """Wait until nobody has used it for long enough, then remove everything."""
        while (left := self._used + self._unused_seconds - time.monotonic()) > 0:
            time.sleep(left)
        with self._lock:
            self._watched = False
            self._entries.clear()
            self._size = 0
        freed_memory.give_back()

    @property
    def size(self) -> int:
        """Bytes in use."""
        return self._size


column_cache = ColumnCache()
"""The cache of this process."""
