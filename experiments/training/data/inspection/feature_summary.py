"""Summarise a table's columns per class: means and spreads of numbers, the most frequent texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from experiments.training.data.inspection.sample_sheets import ClassFacts, Feature
from experiments.training.data.tables.contents import column_types
from experiments.training.data.tables.contents.cells import Cells
from experiments.training.data.tables.contents.typed_column import Column

MOST_FEATURES, MOST_CLASSES, LETTERS = 100, 10, 200

Rows = NDArray[np.bool_]


def of_cells(columns: Mapping[str, Cells | Column], labels: Sequence[int], classes: Sequence[str]) -> list[Feature]:
    """Summarise each column; `labels` are positions in `classes`, of which the first few are used."""
    groups = _groups(labels, classes)
    return [_of_column(name, column_types.of_cells(cells), groups) for name, cells in columns.items()]


def of_numbers(
    names: Sequence[str], table: NDArray[np.float64], labels: Sequence[int], classes: Sequence[str]
) -> list[Feature]:
    """Summarise each column of a table of numbers (N, columns), NaN where one is missing."""
    groups = _groups(labels, classes)
    return [_of_numbers(name, values, groups) for name, values in zip(names, table.T, strict=True)]


def _groups(labels: Sequence[int], classes: Sequence[str]) -> dict[str | None, Rows]:
    """Select the rows of all classes together (key None), then of each class."""
    of = np.asarray(labels)
    return {None: np.ones(len(of), bool)} | {name: of == label for label, name in enumerate(classes[:MOST_CLASSES])}


def _of_column(name: str, column: Column, groups: Mapping[str | None, Rows]) -> Feature:
    return _of_texts(name, column, groups) if column.values is None else _of_numbers(name, column.values, groups)


def _of_numbers(name: str, values: NDArray[np.float64], groups: Mapping[str | None, Rows]) -> Feature:
    there = ~np.isnan(values)
    return Feature(
        name=name[:LETTERS],
        kind="numbers",
        values=len(np.unique(values[there])),
        missing=int((~there).sum()),
        groups=[_moments(label, values[rows & there]) for label, rows in groups.items()],
    )


def _moments(label: str | None, values: NDArray[np.float64]) -> ClassFacts:
    if not len(values):
        return ClassFacts(label=label, known=0)
    with np.errstate(over="ignore", invalid="ignore"):
        mean, spread = values.mean(), values.std(ddof=1) if len(values) > 1 else np.nan
    return ClassFacts(
        label=label,
        known=len(values),
        mean=_finite(mean),
        spread=_finite(spread),
        lowest=float(values.min()),
        highest=float(values.max()),
    )


def _finite(value: float) -> float | None:
    """Return the value, or None where it is not finite, e.g. a sum that overflowed."""
    return float(value) if np.isfinite(value) else None


def _of_texts(name: str, column: Column, groups: Mapping[str | None, Rows]) -> Feature:
    codes = np.zeros(0, np.intp) if column.codes is None else column.codes
    texts = [] if column.texts is None else column.texts.to_pylist()
    return Feature(
        name=name[:LETTERS],
        kind=column.kind,
        values=len(set(texts) - {""}),
        missing=column.missing,
        groups=[
            _frequent(label, np.bincount(codes[rows], minlength=len(texts)), texts) for label, rows in groups.items()
        ],
    )


def _frequent(label: str | None, counts: NDArray[np.intp], texts: Sequence[str]) -> ClassFacts:
    """Find the most frequent text; of several equally frequent ones the first by name."""
    known = {text: int(times) for text, times in zip(texts, counts, strict=True) if text and times}
    if not known:
        return ClassFacts(label=label, known=0)
    text, times = min(known.items(), key=lambda item: (-item[1], item[0]))
    return ClassFacts(label=label, known=sum(known.values()), frequent=text[:LETTERS], times=times)
