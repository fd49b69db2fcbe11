"""Determine what a table's columns hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from experiments.training.contract.column_facts import ColumnFacts
from experiments.training.data.tables.contents import column_types
from experiments.training.data.tables.contents.cells import Cells
from experiments.training.data.tables.contents.typed_column import Column


def of_cells(columns: Mapping[str, Cells | Column], train: Sequence[int]) -> list[ColumnFacts]:
    """Describe each column, in the order given; `train` are the training rows."""
    rows = np.asarray(train, dtype=np.intp)
    return [_of_column(name, column_types.of_cells(cells), rows) for name, cells in columns.items()]


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
        return distinct(column.values[~np.isnan(column.values)])
    return 0 if column.texts is None else len(column.texts) - bool(column.missing)


def _constant(column: Column, train: NDArray[np.intp]) -> bool:
    """Return whether all training rows are the same; a missing text is one more text, a missing number none."""
    if column.values is not None:
        training = column.values[train]
        known = training[~np.isnan(training)]
        return not len(known) or bool(known.min() == known.max())
    return column.kind == "categories" and column.codes is not None and len(np.unique(column.codes[train])) < 2


def distinct(values: NDArray[np.float64]) -> int:
    """Count the different numbers."""
    if not len(values):
        return 0
    bits = (values + 0.0).view(np.int64)  # -0.0 is 0.0; whole numbers are sorted in half the time
    bits.sort()
    return 1 + int(np.count_nonzero(bits[1:] != bits[:-1]))
