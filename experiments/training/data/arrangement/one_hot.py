"""Read tables with one column per class, in which each row has a single 1, as annotation tools write them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from experiments.training.contract.config import DataConfig
from experiments.training.contract.source_errors import SourceError, some
from experiments.training.data.tables import subgroup_cells
from experiments.training.data.tables.label_table import Row

if TYPE_CHECKING:
    from experiments.training.data.tables.formats.frame import Table

ZERO = frozenset({"0", "0.0", "0,0", "false", "False", "FALSE"})
ONE = frozenset({"1", "1.0", "1,0", "true", "True", "TRUE"})
LOOKED_AT = 20  # rows that show whether a table is of this kind
MOST_CLASSES = 100


def fits(table: Table, config: DataConfig) -> bool:
    """Return whether the table has a first column of names and nothing but 0 and 1 in two or more others.

    A target column that the request names is what it asks for. Raises SourceError where rows have several 1 or none.
    """
    default, header = type(config).model_fields, table.columns
    asked = config.target_column != default["target_column"].default or config.id_column not in (
        header[0] if header else "",
        default["id_column"].default,
    )
    if asked or not 3 <= len(header) <= MOST_CLASSES + 1:
        return False
    found = list(zip(*(table.first(column, LOOKED_AT) for column in header), strict=True))
    names = [row[0] for row in found]
    flags_only = all(set(row[1:]) <= ZERO | ONE for row in found)
    if not found or not flags_only or len(set(names)) < len(names) or set(names) <= ZERO | ONE:
        return False
    _parsed(table.name, header[1:], found)
    return True


def rows(table: Table, subgroups: Sequence[str]) -> list[Row]:
    """Read the rows, the column with the 1 as target; raises SourceError for a row with several or none.

    All columns say the class, so that naming one in `subgroups` is an error, too.
    """
    subgroup_cells.read(table, subgroups, table.columns)
    return _parsed(table.name, table.columns[1:], zip(*map(table.texts, table.columns), strict=True))


def _parsed(name: str, classes: Sequence[str], records: Iterable[Sequence[str]]) -> list[Row]:
    found: list[Row] = []
    several: list[str] = []
    for id_, *flags in records:
        marked = [column for column, flag in zip(classes, flags, strict=False) if flag in ONE]
        if len(marked) == 1 and len(flags) == len(classes) and set(flags) <= ZERO | ONE:
            found.append(Row(id=id_, target=marked[0], patient=None, split=None))
        else:
            several.append(id_)
    if several:
        raise SourceError(
            "data.target_column",
            f"{name} has one column per class, and {len(several):,} of its rows do not have exactly one 1 in them "
            f"({some(several)}). Name the column to learn in data.target_column: {some(classes, 20)}.",
        )
    return found
