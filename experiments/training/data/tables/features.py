"""Turn a table's columns into numbers for a network; everything fitted to them is fitted on training rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from experiments.training.contract.source_errors import SourceError, some
from experiments.training.data.files import run_log
from experiments.training.data.tables.cells import MAX_CATEGORIES, Cells, parse
from experiments.training.data.tables.columns import MAX_FEATURES, MAX_TABLE_BYTES

LOGGED = 20  # columns, one in a line


def encode(columns: Mapping[str, Cells]) -> tuple[Tensor, list[str]]:
    """Encode columns as float64 (N, features), NaN where a number is missing, and return the features' names.

    A column whose every value is a number stays one feature; any other becomes a 0/1 feature for each of its values, of
    which "missing" is one. Columns with very many different values (names, dates) are left out; the log says so.
    """
    encoded: dict[str, NDArray[np.float64]] = {}
    left_out: list[str] = []
    for name, cells in columns.items():
        known = parse(cells)
        if isinstance(known, np.ndarray):
            encoded[name] = known
        elif len(categories := sorted(set(known))) > MAX_CATEGORIES:
            left_out.append(f"Column {name!r} is left out: {len(categories)} different values that are not numbers.")
        else:
            encoded |= _one_hot(name, known, categories)
        _refuse_excess(encoded, len(cells))
    _log(left_out)
    if not encoded:
        raise SourceError("source_path", "No column is left to learn from; add numbers or categories.")
    return torch.from_numpy(np.column_stack(list(encoded.values()))), list(encoded)


def prepare(table: Tensor, train: Sequence[int], names: Sequence[str] = ()) -> Tensor:
    """Fill gaps and standardise to float32 (N, features), dropping columns constant in training.

    Gaps get the training rows' median; then the training rows' mean and standard deviation are used. The log names what
    was filled and dropped.
    """
    values = table.double().numpy()
    names = names or [str(number) for number in range(values.shape[1])]
    known = np.where(np.isnan(values[list(train)]).all(axis=0), 0.0, values[list(train)])  # a median needs a value
    medians = np.nanmedian(known, axis=0)
    gaps = np.isnan(values)
    _log(
        f"Column {names[at]!r}: {gaps[:, at].sum()} missing values count as {medians[at]:g}, the training median."
        for at in np.flatnonzero(gaps.any(axis=0)).tolist()
    )
    filled = np.where(gaps, medians, values)
    training = filled[list(train)]
    varies = training.min(axis=0) < training.max(axis=0)
    if dropped := [repr(names[at]) for at in np.flatnonzero(~varies).tolist()]:
        run_log.write(f"Constant in the training split and left out: {some(dropped, 20)}.")
    if not varies.any():
        raise SourceError("source_path", "Every column is constant in the training split; there is nothing to learn.")
    mean, deviation = training[:, varies].mean(axis=0), training[:, varies].std(axis=0)
    return torch.from_numpy(((filled[:, varies] - mean) / deviation).astype(np.float32))


def _one_hot(name: str, cells: Sequence[str], categories: Sequence[str]) -> dict[str, NDArray[np.float64]]:
    array = np.array(cells)
    return {f"{name}={category or '(missing)'}": (array == category).astype(np.float64) for category in categories}


def _log(lines: Iterable[str]) -> None:
    """Log one line for each of the first few columns, and that there are more."""
    coming = iter(lines)
    for line in islice(coming, LOGGED):
        run_log.write(line)
    if next(coming, None):
        run_log.write("And so on for further columns.")


def _refuse_excess(encoded: Mapping[str, object], rows: int) -> None:
    if len(encoded) > MAX_FEATURES:
        raise SourceError(
            "source_path",
            f"The table's columns become more than {MAX_FEATURES:,} features, as each text of a column is one; leave "
            "out columns of texts that say nothing of the target, such as names.",
        )
    if len(encoded) * rows * 8 > MAX_TABLE_BYTES:
        raise SourceError(
            "source_path", f"The table takes more than {MAX_TABLE_BYTES >> 30} GiB as numbers; leave out columns."
        )
