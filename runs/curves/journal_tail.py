"""What of a run's journal no compacted range has yet, as tables: its tail, of which most readers know the most part."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from runs.curves.journal_ranges import journal_tables
from runs.curves.tables import Table, appended

ENTRY_BYTES = 256
"""What a column takes beside its numbers: a tail may have a thousand columns of few samples."""


class JournalTail(NamedTuple):
    """The numbers after `after` up to `until`: samples by type, and the durable index. It never changes."""

    after: int
    until: int
    tables: Mapping[str, Table]
    durable_index: Table

    @property
    def size(self) -> int:
        """Bytes in memory."""
        return sum(_size(table) for table in (*self.tables.values(), self.durable_index))


NO_ROWS = Table(0, {}, {})
EMPTY_TAIL = JournalTail(0, 0, {}, NO_ROWS)


def tail_of(run_id: int, after: int, until: int, known: JournalTail = EMPTY_TAIL) -> JournalTail:
    """Read the tail from the journal, but for what `known` has of it."""
    if known.after != after or not after <= known.until <= until:
        known = EMPTY_TAIL._replace(after=after, until=after)
    if known.until == until:
        return known
    tables, durable_index = journal_tables(run_id, known.until, until)
    if known.until == after:
        return JournalTail(after, until, tables, durable_index)
    return JournalTail(
        after,
        until,
        {
            type_: appended(known.tables.get(type_, NO_ROWS), tables.get(type_, NO_ROWS))
            for type_ in known.tables.keys() | tables.keys()
        },
        appended(known.durable_index, durable_index),
    )


def _size(table: Table) -> int:
    arrays = [values.nbytes for values in table.base.values()] + [column.size for column in table.columns.values()]
    return sum(arrays) + ENTRY_BYTES * len(arrays)
