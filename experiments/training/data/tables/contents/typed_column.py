"""A table's column as it can be learned from, with the cells that decided how it was read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from experiments.training.contract.column_facts import Kind
from experiments.training.data.tables.contents.cells import Codes

Reason: TypeAlias = Literal[
    "number_form",
    "open_form",
    "missing",
    "infinite",
    "mostly_numbers",
    "units",
    "codes",
    "lettered",
    "dates",
    "too_many",
    "pixels",
]
CELL_LETTERS = 60  # shown of a cell


@dataclass(frozen=True)
class Remark:
    """What a user must know of a column: in how many cells, and the first of them with its place among the rows.

    `number` is what that cell was read as, `words` say more about the reason.
    """

    reason: Reason
    count: int
    cell: str
    row: int
    number: float | None = None
    words: str = ""


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Numbers are `values`, float64, NaN where one is missing. Texts are a code for each cell and the `texts` of all
    codes, an Arrow array, of which a blank one is a missing cell; those of categories are in alphabetical order.
    Moments have neither.
    """

    kind: Kind
    missing: int
    values: NDArray[np.float64] | None = None
    codes: Codes | None = None
    texts: Any = None
    remarks: Sequence[Remark] = ()


def of_numbers(values: NDArray[np.float64], remarks: Sequence[Remark] = ()) -> Column:
    """Make a column of numbers; infinite ones are missing, too."""
    if np.isfinite(values).all():
        return Column("numbers", 0, values=values, remarks=remarks)
    infinite = np.isinf(values)
    if count := int(infinite.sum()):
        row = int(infinite.argmax())
        remarks = [*remarks, Remark("infinite", count, f"{values[row]:g}", row)]
        values = np.where(infinite, np.nan, values)
    return Column("numbers", int(np.isnan(values).sum()), values=values, remarks=remarks)
