"""Determine what a table's columns hold."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from torch import Tensor

from experiments.training.contract.column_facts import ColumnFacts
from experiments.training.data.tables.contents import column_types
from experiments.training.data.tables.contents.cells import Cells
from experiments.training.data.tables.contents.typed_column import Column

FIRST = 1_000  # cells that mostly show that a column is not constant
SAMPLED, MOSTLY = 2**14, 0.9  # cells that show whether nearly all are different: Arrow's table is slow then
SLOT_BITS = 22
MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)  # of Fibonacci hashing
LONG = 100_000  # rows, from which columns are looked at side by side


def of_cells(columns: Mapping[str, Cells | Column], train: Sequence[int]) -> list[ColumnFacts]:
    """Describe each column, in the order given; `train` are the training rows."""
    rows = np.asarray(train, dtype=np.intp)
    threads = min(4, os.cpu_count() or 1) if len(rows) > LONG else 1
    with ThreadPoolExecutor(threads, thread_name_prefix="columns") as pool:
        return list(pool.map(lambda item: _of_column(item[0], column_types.of_cells(item[1]), rows), columns.items()))


def of_numbers(table: Tensor, names: Sequence[str], train: Sequence[int]) -> list[ColumnFacts]:
    """Describe each column of a table of numbers (N, columns), NaN where one is missing."""
    return of_cells(dict(zip(names, table.double().numpy().T, strict=True)), train)


def of_others(columns: Mapping[str, Column]) -> list[ColumnFacts]:
    """Describe columns that are not learned from, whatever they hold."""
    return [
        ColumnFacts(name=name, kind="left out", values=_different(column), missing=column.missing, constant=False)
        for name, column in columns.items()
    ]


def _of_column(name: str, column: Column, train: NDArray[np.intp]) -> ColumnFacts:
    return ColumnFacts(
        name=name,
        kind=column.kind,
        values=_different(column),
        missing=column.missing,
        constant=_constant(column, train),
    )


def _different(column: Column) -> int:
    """Count the different values."""
    if column.values is not None:
        return distinct(column.values[~np.isnan(column.values)] if column.missing else column.values)
    return 0 if column.texts is None else len(column.texts) - bool(column.missing)


def _constant(column: Column, train: NDArray[np.intp]) -> bool:
    """Return whether all training rows are the same; a missing text is one more text, a missing number none."""
    if column.values is not None:
        first = column.values[train[:FIRST]]
        if len(first) and first.min() < first.max():  # neither is NaN
            return False
        training = column.values[train]
        known = training[~np.isnan(training)] if column.missing else training
        return not len(known) or bool(known.min() == known.max())
    return column.kind == "categories" and column.codes is not None and len(np.unique(column.codes[train])) < 2


def distinct(values: NDArray[np.float64]) -> int:
    """Count the different numbers."""
    bits = (values + 0.0).view(np.uint64)  # -0.0 is 0.0
    first = pa.array(bits[:SAMPLED])
    if pc.count_distinct(first).as_py() < MOSTLY * len(first):
        return int(pc.count_distinct(pa.array(bits)).as_py())
    return _distinct_hashed(bits)


def _distinct_sorted(bits: NDArray[np.uint64]) -> int:
    ordered = np.sort(bits)
    return int(np.count_nonzero(ordered[1:] != ordered[:-1])) + min(1, len(bits))


def _distinct_hashed(bits: NDArray[np.uint64]) -> int:
    """Count in half the time where nearly all are different, by a table in which each holds the slot of its hash.

    Whoever comes last keeps a slot; of the others, only those that are different from it have to be sorted.
    """
    slots = ((bits * MULTIPLIER) >> np.uint64(64 - SLOT_BITS)).astype(np.intp)
    rows, holder = np.arange(len(bits), dtype=np.int32), np.empty(1 << SLOT_BITS, np.int32)
    holder[slots] = rows
    lost = np.flatnonzero(holder[slots] != rows)
    different = bits[lost] != bits[holder[slots[lost]]]
    return len(bits) - len(lost) + _distinct_sorted(bits[lost[different]])
