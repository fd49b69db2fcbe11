"""A cache of decoded columns and tails for the next reader of this process: bounded, least recently used out first.

Once nobody has read anything for a while, all of it is removed: an idle process is then as small as before.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Hashable
from typing import NamedTuple, TypeVar

from runs.curves import freed_memory
from runs.curves.journal_tail import EMPTY_TAIL, JournalTail
from runs.curves.tables import NOTHING, Column

MOST_BYTES = 67_108_864
UNUSED_SECONDS = 60.0


class CachedColumn(NamedTuple):
    """A column decoded from compacted ranges up to number `until`, out of `row_count` rows."""

    until: int
    row_count: int
    column: Column

    @property
    def size(self) -> int:
        """Bytes in memory."""
        return self.column.size


EMPTY = CachedColumn(0, 0, NOTHING)
Entry = CachedColumn | JournalTail
_E = TypeVar("_E", CachedColumn, JournalTail)


class ColumnCache:
    """A cache of at most `most_bytes` of columns and tails, safe to use from several threads.

    They never change, they only grow longer. A thread that lives as long as there are some removes them when
    nobody has used any for `unused_seconds`.
    """

    def __init__(self, most_bytes: int = MOST_BYTES, unused_seconds: float = UNUSED_SECONDS) -> None:
        self._most, self._unused_seconds = most_bytes, unused_seconds
        self._used = 0.0  # monotonic time
        self._watched = False
        self._entries: OrderedDict[Hashable, Entry] = OrderedDict()
        self._size = 0
        self._lock = threading.Lock()

    def get(self, key: Hashable) -> CachedColumn:
        """Return the cached column, `EMPTY` if there is none, and mark it as recently used."""
        return self._found(key, EMPTY)

    def tail(self, key: Hashable) -> JournalTail:
        """Return the cached tail, `EMPTY_TAIL` if there is none, and mark it as recently used."""
        return self._found(key, EMPTY_TAIL)

    def _found(self, key: Hashable, missing: _E) -> _E:
        with self._lock:
            self._used = time.monotonic()
            found = self._entries.get(key)
            if not isinstance(found, type(missing)):
                return missing
            self._entries.move_to_end(key)
            return found

    def put(self, key: Hashable, entry: Entry) -> None:
        """Cache a column or a tail, unless one that reaches further is there.

        Drop the least recently used ones to make room; what is larger than the whole cache is not kept.
        """
        with self._lock:
            self._used = time.monotonic()
            if entry.until < self._entries.get(key, EMPTY).until:
                return
            old = self._entries.pop(key, None)
            self._size += entry.size - (old.size if old else 0)
            self._entries[key] = entry
            while self._size > self._most:
                _, gone = self._entries.popitem(last=False)
                self._size -= gone.size
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
