"""Find out what a table's column holds: numbers, categories, or nothing to learn from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from experiments.training.data.tables.contents import cells, text_columns, typed_column
from experiments.training.data.tables.contents.cells import Cells
from experiments.training.data.tables.contents.number_forms import Decimal
from experiments.training.data.tables.contents.typed_column import Column, Remark


def of_cells(given: Cells | Column) -> Column:
    """Type a column given as numbers or as texts."""
    if isinstance(given, Column):
        return given
    if isinstance(given, np.ndarray):
        return typed_column.of_numbers(given)
    return text_columns.typed(pa.chunked_array([pa.array(given, pa.string())]), "point")


def of_columns(columns: Sequence[Any], decimal: Decimal) -> list[Column]:
    """Type columns as `of_column` does; many short ones are looked at together, as a call takes longer than a cell."""
    texts = len(columns) > 1 and decimal != "comma"
    together = [at for at, column in enumerate(columns) if texts and pa.types.is_string(column.type)]
    found = dict(zip(together, text_columns.plain_numbers([columns[at] for at in together]), strict=True))
    return [found.get(at) or of_column(column, decimal) for at, column in enumerate(columns)]


def of_column(column: Any, decimal: Decimal) -> Column:
    """Type a column as a file has it; `decimal` is the sign that its numbers use where a column leaves it open."""
    kind = cells.kind_of(column)
    if cells.is_text(kind):
        return text_columns.typed(column, decimal)
    return _of_moments(column) if pa.types.is_temporal(kind) else typed_column.of_numbers(_as_float64(column, kind))


def _of_moments(column: Any) -> Column:
    known = column.is_valid().to_numpy()
    remarks = [Remark("dates", int(known.sum()), "", int(known.argmax()))] if known.any() else []
    return Column("left out", int((~known).sum()), remarks=remarks)


def _as_float64(column: Any, kind: Any) -> NDArray[np.float64]:
    if pa.types.is_dictionary(column.type):
        column = column.cast(kind)
    if pa.types.is_decimal(kind):  # by their digits: Arrow's own conversion is one bit off in one of a hundred
        column = column.cast(pa.string())
    if not pa.types.is_float64(column.type):
        column = column.cast(pa.float64(), safe=False)
    return np.asarray(column.to_numpy(), np.float64)
