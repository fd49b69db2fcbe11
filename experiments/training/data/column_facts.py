"""What a table's columns hold, as far as it matters to whoever trains on them. Pure: no torch, no NumPy."""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

Kind: TypeAlias = Literal["numbers", "categories", "left out"]


class ColumnFacts(msgspec.Struct, frozen=True, kw_only=True):
    """`values` counts the different ones, `missing` the rows without one; `constant`: one value, or none, in all

    training rows. "left out": too many different texts to learn from.
    """

    name: str
    kind: Kind
    values: int
    missing: int
    constant: bool
