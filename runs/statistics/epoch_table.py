"""Arrange the numbers of a run's epochs as pandas tables. Pure.

Loads pandas, which the server's processes do not at their start: a worker does with the first run that ends.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import TypeAlias

import numpy as np
import pandas as pd

from runs.spreadsheets.neutral_cells import neutral
from runs.statistics.metric_names import EPOCH_METRICS, TEST_METRICS, is_count

Value: TypeAlias = tuple[int, str, float | None]
"""Epoch, name of the metric, value."""
COLUMNS = (*EPOCH_METRICS, *TEST_METRICS)
"""The columns of every run's `metrics.csv`, after the epoch."""


def long_table(values: Iterable[Value]) -> pd.DataFrame:
    """Collect values as columns `epoch`, `metric`, `value`, NaN for unknown; the last one of an epoch's metric counts.

    Fills arrays value by value: a long run has a million of them, which as tuples take ten times the memory.
    """
    names: dict[str, int] = {}
    epochs, metrics, numbers = array("q"), array("l"), array("d")
    for epoch, name, value in values:
        epochs.append(epoch)
        metrics.append(names.setdefault(name, len(names)))
        numbers.append(math.nan if value is None else value)
    table = pd.DataFrame(
        {
            "epoch": np.array(epochs, np.int64),
            "metric": pd.Categorical.from_codes(np.array(metrics, np.int64), pd.Index(list(names), dtype=object)),
            "value": np.array(numbers, np.float64),
        }
    )
    return table.drop_duplicates(["epoch", "metric"], keep="last", ignore_index=True)


def wide_table(values: pd.DataFrame) -> pd.DataFrame:
    """Build one row per epoch, the index, and one column per metric from a long table, in the order of `metric_names`.

    Metrics that others named come last, by name. What an epoch does not have is NaN.
    """
    table = values.pivot(index="epoch", columns="metric", values="value")
    found = set(table.columns)
    own = sorted(found.difference(COLUMNS))
    ordered = table.reindex(columns=[*(name for name in COLUMNS if name in found), *own])
    return ordered.rename_axis(columns=None)


def write_csv(path: Path, table: pd.DataFrame, test: pd.DataFrame) -> None:
    """Write a wide table with the same columns for every run, other metrics last. Raises OSError.

    `test` is a wide table too: its numbers replace those of the epochs that both have. Floats have as many digits as
    tell them from all others, counts are whole numbers, unknown cells are empty.
    """
    merged = test.reindex(table.index).combine_first(table)
    own = sorted(set(merged.columns).difference(COLUMNS))
    complete = merged.reindex(columns=[*COLUMNS, *own])
    counts = [name for name in complete.columns if is_count(name)]
    complete[counts] = np.trunc(complete[counts]).astype("Int64")
    with path.open("w", encoding="utf-8", newline="") as file:
        complete.to_csv(file, lineterminator="\n", header=[neutral(name) for name in complete.columns])


def records(values: pd.DataFrame) -> Iterator[dict[str, float]]:
    """Yield one dict per epoch, `{"epoch": 0, metric: value, …}`, from a long table whose epochs ascend.

    Metrics that an epoch does not have are missing, unknown values are NaN.
    """
    names, numbers = values["metric"].astype(object).to_numpy(), values["value"].to_numpy()
    epochs = values["epoch"].to_numpy()
    starts = np.flatnonzero(np.diff(epochs, prepend=-1)).tolist()
    for start, end in pairwise([*starts, len(values)]):
        known = zip(names[start:end].tolist(), numbers[start:end].tolist(), strict=True)
        yield {"epoch": int(epochs[start]), **dict(known)}
