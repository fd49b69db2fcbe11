"""Turn a table's columns into numbers for a network; everything fitted to them is fitted on training rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from experiments.training.contract.column_facts import Feature
from experiments.training.contract.source_errors import SourceError, some
from experiments.training.data.files import run_log
from experiments.training.data.tables.contents import column_types
from experiments.training.data.tables.contents.cells import Cells
from experiments.training.data.tables.contents.typed_column import Column
from experiments.training.data.tables.formats.table_limits import MAX_FEATURES, MAX_TABLE_BYTES
from experiments.training.data.tables.standardisation import Standardisation

BLOCK_ROWS = 4096
LOGGED = 20  # columns, one in a line


def encode(columns: Mapping[str, Cells | Column]) -> tuple[Tensor, list[Feature]]:
    """Encode columns as float64 (N, features), NaN where a number is missing, and return the features.

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


def _names(name: str, column: Column) -> list[Feature]:
    """List a column's features."""
    if column.texts is None:
        return [Feature(name)]
    return [Feature(name, text or "") for text in column.texts.to_pylist()]


def _matrix(columns: Sequence[Column], rows: int, features: int) -> NDArray[np.float64]:
    """Put the columns one after the other into the memory, where each is read and written at once; (rows, features)."""
    matrix, at = np.empty((features, rows)), 0
    for column in columns:
        if column.values is not None:
            matrix[at] = column.values
            at += 1
        elif column.codes is not None:
            width = len(column.texts)
            np.equal(column.codes, np.arange(width)[:, None], out=matrix[at : at + width])
            at += width
    return matrix.T


def prepare(table: Tensor, train: Sequence[int], features: Sequence[Feature]) -> tuple[Tensor, Standardisation]:
    """Fill gaps and standardise to float32 (N, features), dropping columns constant in training.

    Gaps get the training rows' median; then the training rows' mean and standard deviation are used. The log names what
    was filled and dropped. The constants are returned too.
    """
    training = np.asarray(train, np.intp)
    prepared, kept = np.empty((len(features), len(table)), np.float32), 0
    filled: list[str] = []
    constant: list[Feature] = []
    varying: list[tuple[Feature, float, float, float]] = []
    for feature, column in zip(features, table.unbind(1), strict=True):
        standard = _Standard(column.double().numpy(), training)
        if standard.gaps:
            filled.append(
                f"Column {feature.name!r}: {standard.gaps} missing values count as {standard.median:g}, the training "
                "median."
            )
        if standard.varies:
            prepared[kept] = standard.values()
            kept += 1
            varying.append((feature, standard.median, standard.mean, standard.deviation))
        else:
            constant.append(feature)
    _log(filled)
    if dropped := [repr(feature.name) for feature in constant]:
        run_log.write(f"Constant in the training split and left out: {some(dropped, 20)}.")
    if not kept:
        raise SourceError("source_path", "Every column is constant in the training split; there is nothing to learn.")
    constants = Standardisation(
        features=[feature for feature, _, _, _ in varying],
        medians=np.array([median for _, median, _, _ in varying]),
        means=np.array([mean for _, _, mean, _ in varying]),
        deviations=np.array([deviation for _, _, _, deviation in varying]),
        constant=constant,
    )
    return _in_rows(torch.from_numpy(prepared[:kept])), constants


class _Standard:
    """A column of numbers, and what its training rows say of it."""

    def __init__(self, column: NDArray[np.float64], train: NDArray[np.intp]) -> None:
        missing = np.isnan(column)
        self.gaps = int(missing.sum())
        known = column[train][~missing[train]]
        self.median = float(np.median(known)) if len(known) else 0.0  # a median needs a value
        self._column = np.where(missing, self.median, column) if self.gaps else column
        training = self._column[train]
        self.varies = bool(training.min() < training.max())
        self.mean, self.deviation = float(training.mean()), float(training.std())

    def values(self) -> NDArray[np.float64]:
        """Return the column in standard deviations of the training rows from their mean."""
        return (self._column - self.mean) / self.deviation


def _in_rows(columns: Tensor) -> Tensor:
    """Turn (features, N) into (N, features) in memory, as batches of rows are read."""
    rows = torch.empty((columns.shape[1], columns.shape[0]), dtype=columns.dtype)
    for start in range(0, len(rows), BLOCK_ROWS):
        rows[start : start + BLOCK_ROWS] = columns[:, start : start + BLOCK_ROWS].T
    return rows


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
    if features * rows * 8 > MAX_TABLE_BYTES:
        most = MAX_TABLE_BYTES >> 30
        raise SourceError("source_path", f"The table takes more than {most} GiB as numbers; leave out columns.")
