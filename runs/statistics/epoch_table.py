"""Arrange the numbers of a run's epochs as tables. Pure.

In NumPy: pandas would take half a second and 50 MiB of each worker whose first run ends. `epoch_frame` makes a frame.
"""

from __future__ import annotations

import csv
import math
from array import array
from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from runs.statistics.metric_names import EPOCH_METRICS, TEST_METRICS, is_count

Value: TypeAlias = tuple[int, str, float | None]
"""Epoch, name of the metric, value."""
COLUMNS = (*EPOCH_METRICS, *TEST_METRICS)
"""The columns of every run's `metrics.csv`, after the epoch."""


class LongTable(NamedTuple):
    """One row per number; NaN is unknown."""

    epochs: NDArray[np.int64]
    metrics: NDArray[np.int64]
    """Places in `names`."""
    numbers: NDArray[np.float64]
    names: list[str]


class WideTable(NamedTuple):
    """One row per epoch and one column per metric; NaN is what is unknown or what an epoch does not have."""

    epochs: NDArray[np.int64]
    names: list[str]
    numbers: NDArray[np.float64]


def long_table(values: Iterable[Value]) -> LongTable:
    """Collect values, NaN for unknown; the last one of an epoch's metric counts.

    Fills arrays value by value: a long run has a million of them, which as tuples take ten times the memory.
    """
    places: dict[str, int] = {}
    epochs, metrics, numbers = array("q"), array("q"), array("d")
    for epoch, name, value in values:
        epochs.append(epoch)
        metrics.append(places.setdefault(name, len(places)))
        numbers.append(math.nan if value is None else value)
    table = LongTable(np.array(epochs, np.int64), np.array(metrics, np.int64), np.array(numbers), list(places))
    return _without_earlier(table)


def _without_earlier(table: LongTable) -> LongTable:
    """Leave out what a later number of the same epoch and metric replaces."""
    cells = table.epochs * max(1, len(table.names)) + table.metrics
    _, from_behind = np.unique(cells[::-1], return_index=True)
    kept = np.sort(len(cells) - 1 - from_behind)
    return LongTable(table.epochs[kept], table.metrics[kept], table.numbers[kept], table.names)


def wide_table(values: LongTable) -> WideTable:
    """Build one row per epoch and one column per metric, in the order of `metric_names`; others come last, by name."""
    epochs, rows = np.unique(values.epochs, return_inverse=True)
    names = [*(name for name in COLUMNS if name in values.names), *_others(values.names)]
    numbers = np.full((len(epochs), len(names)), math.nan)
    columns = np.array([names.index(name) for name in values.names], np.int64)
    numbers[rows, columns[values.metrics]] = values.numbers
    return WideTable(epochs, names, numbers)


def write_csv(path: Path, table: WideTable, test: WideTable) -> None:
    """Write a wide table with the same columns for every run, other metrics last. Raises OSError.

    The known numbers of `test` replace those of the epochs that both have. Floats have as many digits as tell them from
    all others, counts are whole numbers, unknown cells are empty.
    """
    names = [*COLUMNS, *_others([*table.names, *test.names])]
    numbers = np.full((len(table.epochs), len(names)), math.nan)
    numbers[:, [names.index(name) for name in table.names]] = table.numbers
    _, rows, replacing = np.intersect1d(table.epochs, test.epochs, assume_unique=True, return_indices=True)
    for place, name in enumerate(test.names):
        known = ~np.isnan(test.numbers[replacing, place])
        numbers[rows[known], names.index(name)] = test.numbers[replacing[known], place]
    counts = [is_count(name) for name in names]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["epoch", *names])
        for epoch, row in zip(table.epochs.tolist(), numbers, strict=True):
            writer.writerow([epoch, *map(_cell, row.tolist(), counts)])


def _cell(value: float, whole: bool) -> float | str:
    if math.isnan(value):
        return ""
    return int(value) if whole else value


def records(values: LongTable) -> Iterator[dict[str, float]]:
    """Yield one dict per epoch, `{"epoch": 0, metric: value, …}`, from a table whose epochs ascend.

    Metrics that an epoch does not have are missing, unknown values are NaN.
    """
    starts = np.flatnonzero(np.diff(values.epochs, prepend=-1)).tolist()
    for start, end in pairwise([*starts, len(values.epochs)]):
        names = [values.names[place] for place in values.metrics[start:end].tolist()]
        yield {"epoch": int(values.epochs[start]), **dict(zip(names, values.numbers[start:end].tolist(), strict=True))}


def _others(names: Iterable[str]) -> list[str]:
    """Return the names that not every run has, in order."""
    return sorted(set(names).difference(COLUMNS))
