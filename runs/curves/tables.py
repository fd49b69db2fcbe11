"""Samples of one event type as columns, in the order of the journal. Pure: numpy, no Django."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from runs.curves.sampled_events import SampledEvent

Ints = NDArray[np.int64]
Numbers = NDArray[np.float64] | Ints


class Sample(NamedTuple):
    """One event of the journal: `data` is its JSON."""

    seq: int
    timestamp: str
    data: str


class Column(NamedTuple):
    """The numbers of some rows of a table; `rows` are their indices, ascending, None: all. NaN stands for null."""

    rows: Ints | None
    values: Numbers

    @property
    def size(self) -> int:
        """Bytes in memory."""
        return self.values.nbytes + (0 if self.rows is None else self.rows.nbytes)


NOTHING = Column(np.empty(0, np.int64), np.empty(0))
"""A column that no row has."""


@dataclass(frozen=True, slots=True)
class Table:
    """The samples of one event type as columns.

    `base` has what every row has, as whole numbers: `seq`, `time` (microseconds since 1970), `step`, `epoch`.
    """

    count: int
    base: dict[str, Ints]
    columns: dict[str, Column]

    def column(self, name: str) -> Column | None:
        """Return a base column, or a curve (named with a leading `/`); None where no row has it."""
        if name.startswith("/"):
            return self.columns.get(name[1:])
        found = self.base.get(name)
        return None if found is None else Column(None, found)


def table(sampled: SampledEvent, samples: Sequence[Sample]) -> Table:
    """Build the table of the samples, decoded without a schema: what an older version stored stays readable."""
    decoded: list[dict[str, Any]] = msgspec.json.decode(f"[{','.join(sample.data for sample in samples)}]")
    base = {
        "seq": _ints(sample.seq for sample in samples),
        "time": microseconds([sample.timestamp for sample in samples]),
        **{
            name: _ints(_known(data.get(name)) for data in decoded)
            for name in sampled.base
            if name not in ("seq", "time")
        },
    }
    count = len(samples)
    columns = {
        name: Column(None if len(rows) == count else np.array(rows, np.int64), np.array(values, np.float64))
        for name, rows, values in sampled.columns(decoded)
    }
    return Table(count, base, columns)


Part = tuple[int, Column | None]
"""A column with the number of rows of its table; None: no row has it."""


def joined(parts: Iterable[Part]) -> Column:
    """Concatenate columns of consecutive tables, each given with its table's number of rows; None: no row has it."""
    known = list(parts)
    present = [column for _, column in known if column is not None and len(column.values)]
    if not present:
        return NOTHING
    if len(known) == 1:
        return present[0]
    values = np.concatenate([column.values for column in present])
    if len(values) == sum(count for count, _ in known):
        return Column(None, values)
    rows, offset = [], 0
    for count, column in known:
        if column is not None and len(column.values):
            rows.append(offset + (np.arange(count) if column.rows is None else column.rows))
        offset += count
    return Column(np.concatenate(rows), values)


def appended(first: Table, second: Table) -> Table:
    """Append a table to the one before it, of the same type; columns may be those of one of them alone."""
    counts = (first.count, second.count)
    base = (first.base, second.base)
    columns = (first.columns, second.columns)
    return Table(
        sum(counts),
        {
            name: np.concatenate([values[name] for values in base if name in values])
            for name in dict.fromkeys([*first.base, *second.base])
        },
        {
            name: joined((count, found.get(name)) for count, found in zip(counts, columns, strict=True))
            for name in dict.fromkeys([*first.columns, *second.columns])
        },
    )


def microseconds(timestamps: Sequence[str]) -> Ints:
    """Convert times as events carry them to microseconds since 1970."""
    return np.array([text.removesuffix("Z") for text in timestamps], "datetime64[us]").astype(np.int64)


def _known(value: int | None) -> int:
    """Replace a missing epoch by -1: nothing voids a sample from before the first epoch."""
    return -1 if value is None else value


def _ints(values: Iterable[int]) -> Ints:
    return np.fromiter(values, np.int64)


def integer_table(columns: Mapping[str, Sequence[int]]) -> Table:
    """Build a table of whole numbers only, whose columns may differ in length."""
    return Table(0, {name: np.array(values, np.int64) for name, values in columns.items()}, {})
