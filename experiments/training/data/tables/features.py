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
from experiments.training.data.tables.contents import column_types
from experiments.training.data.tables.contents.cells import Cells
from experiments.training.data.tables.contents.typed_column import Column
from experiments.training.data.tables.formats.table_limits import MAX_COLUMNS

MAX_BYTES = 8 * 2**30  # the whole table lies in memory
MAX_FEATURES = 4 * MAX_COLUMNS  # each is a row of weights; genotypes have three or four texts a column
BLOCK_ROWS = 4096
LOGGED = 20  # columns, one in a line


def encode(columns: Mapping[str, Cells | Column]) -> tuple[Tensor, list[str]]:
    """Encode columns as float64 (N, features), NaN where a number is missing, and return the features' names.

    A column of numbers stays one feature; categories become a 0/1 feature for each of their values, of which "missing"
    is one. Columns with very many different values (names, dates) are left out; the log says so.
    """
    typed = {name: column_types.of_cells(cells) for name, cells in columns.items()}
    useless = (name for name, column in typed.items() if column.kind == "left out")
    _log(
        f"Column {name!r} is left out: {_number(typed[name])} different values that are not numbers."
        for name in useless
    )
    parts = [(name, column) for name, column in typed.items() if column.kind != "left out"]
    names = [feature for name, column in parts for feature in _names(name, column)]
    if not names:
        raise SourceError("source_path", "No column is left to learn from; add numbers or categories.")
    rows = _rows(parts[0][1])
    _refuse_excess(len(names), rows)
    return torch.from_numpy(_matrix([column for _, column in parts], rows, len(names))), names


def _number(column: Column) -> int:
    return 0 if column.texts is None else len(column.texts)


def _rows(column: Column) -> int:
    return len(column.values if column.values is not None else column.codes if column.codes is not None else ())


def _names(name: str, column: Column) -> list[str]:
    """List the names of a column's features."""
    if column.texts is None:
        return [name]
    return [f"{name}={text or '(missing)'}" for text in column.texts.to_pylist()]


def _matrix(columns: Sequence[Column], rows: int, features: int) -> NDArray[np.float64]:
    """Fill the table block by block: writing whole columns into it misses the processor's cache with each cell."""
    matrix = np.empty((rows, features))
    for start in range(0, rows, BLOCK_ROWS):
        block, at = slice(start, start + BLOCK_ROWS), 0
        for column in columns:
            if column.values is not None:
                matrix[block, at] = column.values[block]
                at += 1
            elif column.codes is not None:
                width = len(column.texts)
                matrix[block, at : at + width] = column.codes[block, None] == np.arange(width)
                at += width
    return matrix


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


def _log(lines: Iterable[str]) -> None:
    """Log one line for each of the first few columns, and that there are more."""
    coming = iter(lines)
    for line in islice(coming, LOGGED):
        run_log.write(line)
    if next(coming, None):
        run_log.write("And so on for further columns.")


def _refuse_excess(features: int, rows: int) -> None:
    if features > MAX_FEATURES:
        raise SourceError(
            "source_path",
            f"The table's columns become more than {MAX_FEATURES:,} features, as each text of a column is one; leave "
            "out columns of texts that say nothing of the target, such as names.",
        )
    if features * rows * 8 > MAX_BYTES:
        raise SourceError("source_path", f"The table takes more than {MAX_BYTES >> 30} GiB as numbers; drop columns.")
