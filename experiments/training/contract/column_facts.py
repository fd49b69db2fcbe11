"""Facts about a table's columns that matter for training on them. Pure: no torch, no NumPy."""

from __future__ import annotations

from typing import Literal, NamedTuple, TypeAlias

import msgspec

Kind: TypeAlias = Literal["numbers", "categories", "left out"]


class ColumnFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What one column holds.

    `values` counts the distinct ones, `missing` the rows without one; `constant` means that all training rows have the
    same value, or none. A column "left out" is not learned from: it has too many different texts, for example, or
    numbers rows.
    """

    name: str
    kind: Kind
    values: int
    missing: int
    constant: bool


class Feature(NamedTuple):
    """One number that a network gets of a column.

    It is the column's own number, or says whether the column holds `category`; a blank one stands for missing cells.
    """

    column: str
    category: str | None = None

    @property
    def name(self) -> str:
        """What people read."""
        return self.column if self.category is None else f"{self.column}={self.category or '(missing)'}"
