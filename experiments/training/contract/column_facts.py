"""Facts about a table's columns that matter for training on them. Pure: no torch, no NumPy."""

from __future__ import annotations

from typing import Literal, TypeAlias

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
