"""Determine what a table's columns hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from experiments.training.contract.column_facts import ColumnFacts
from experiments.training.data.tables.cells import MAX_CATEGORIES, Cells, parse


def of_cells(columns: Mapping[str, Cells], train: Sequence[int]) -> list[ColumnFacts]:
    """Describe each column, in the order given; `train` are the training rows."""
    rows = np.asarray(train, dtype=np.intp)
    return [_of_column(name, parse(cells), rows) for name, cells in columns.items()]


def of_numbers(table: Tensor, names: Sequence[str], train: Sequence[int]) -> list[ColumnFacts]:
    """Describe each column of a table of numbers (N, columns), NaN where one is missing."""
    rows = np.asarray(train, dtype=np.intp)
    return [_of_numbers(name, column, rows) for name, column in zip(names, table.double().numpy().T, strict=True)]


def _of_column(name: str, cells: list[str] | NDArray[np.float64], train: NDArray[np.intp]) -> ColumnFacts:
    if isinstance(cells, np.ndarray):
        return _of_numbers(name, cells, train)
    different = set(cells)
    return ColumnFacts(
        name=name,
        kind="left out" if len(different) > MAX_CATEGORIES else "categories",
        values=len(different - {""}),
        missing=cells.count(""),
        constant=len({cells[row] for row in train.tolist()}) < 2,  # a missing one counts as one more category
    )


def _of_numbers(name: str, values: NDArray[np.float64], train: NDArray[np.intp]) -> ColumnFacts:
    missing = np.isnan(values)
    training = values[train][~missing[train]]  # a missing number becomes the median, which adds no value
    return ColumnFacts(
        name=name,
        kind="numbers",
        values=len(np.unique(values[~missing])),
        missing=int(missing.sum()),
        constant=not len(training) or bool(training.min() == training.max()),
    )
