"""Determine what a table's columns hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from torch import Tensor

from experiments.training.contract.column_facts import ColumnFacts, Kind
from experiments.training.data.tables.cells import MAX_CATEGORIES, numbers, without_missing


def of_cells(columns: Mapping[str, Sequence[str]], train: Sequence[int]) -> list[ColumnFacts]:
    """Describe each column of text cells, in the order given; `train` are the training rows."""
    return [_of_column(name, without_missing(cells), train) for name, cells in columns.items()]


def of_numbers(table: Tensor, names: Sequence[str], train: Sequence[int]) -> list[ColumnFacts]:
    """Describe each column of a table of numbers (N, columns), NaN where one is missing."""
    values = table.numpy()
    return [
        ColumnFacts(
            name=name,
            kind="numbers",
            values=len(np.unique(column[~np.isnan(column)])),
            missing=int(np.isnan(column).sum()),
            constant=len(np.unique(column[list(train)])) < 2,
        )
        for name, column in zip(names, values.T, strict=True)
    ]


def _of_column(name: str, cells: Sequence[str], train: Sequence[int]) -> ColumnFacts:
    different = set(cells)
    kind = _kind(cells, different)
    # A missing category counts as one more category; a missing number becomes the median, which adds none.
    training = {cells[row] for row in train} - ({""} if kind == "numbers" else set())
    return ColumnFacts(
        name=name,
        kind=kind,
        values=len(different - {""}),
        missing=cells.count(""),
        constant=len(training) < 2,
    )


def _kind(cells: Sequence[str], different: set[str]) -> Kind:
    if numbers(cells) is not None:
        return "numbers"
    return "left out" if len(different) > MAX_CATEGORIES else "categories"
