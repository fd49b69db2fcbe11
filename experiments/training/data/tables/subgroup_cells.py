"""Read the columns of a table that tell subgroups apart: numbers in one form, all else as it is written."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from experiments.training.contract.source_errors import SourceError, some
from experiments.training.data.columns import column_names
from experiments.training.data.subgroups.value_groups import COLUMNS

if TYPE_CHECKING:
    from experiments.training.data.tables.formats.frame import Table


def read(table: Table, columns: Sequence[str], roles: Collection[str | None]) -> list[list[str]]:
    """Read the cells of each column, blank where there is no value.

    Raises SourceError for columns that the table does not have, and for those with a role.
    """
    _refuse(table, columns, roles)
    return [_cells(table, column) for column in columns]


def _refuse(table: Table, columns: Sequence[str], roles: Collection[str | None]) -> None:
    possible = [column for column in column_names.that_can_be_named(table.columns) if column not in roles]
    if unknown := [column for column in columns if column not in table.columns]:
        listed = some([repr(column) for column in possible], 20)
        text = (
            f"{table.name} has no column {some([repr(column) for column in unknown])} of plain values; it has {listed}."
        )
        raise SourceError(COLUMNS, f"{text} Name one of them, or leave it out.", possible)
    if taken := [column for column in columns if column in roles]:
        text = f"{taken[0]!r} is the id, the target, the patient or the split, and makes no subgroups; leave it out."
        raise SourceError(COLUMNS, text, possible)


def _cells(table: Table, column: str) -> list[str]:
    numbers = table.numbers(column)
    if numbers is None:
        return table.texts(column)
    return ["" if math.isnan(number) else f"{number:.15g}" for number in numbers.tolist()]
