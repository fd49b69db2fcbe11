"""What subgroups are called in the file of predictions, and the order that a reader expects. Pure Python."""

from __future__ import annotations

import re
from collections.abc import Iterable

PREFIX = "subgroup_"
"""Of the columns of `predictions.parquet` that have the groups; the column's own name follows."""

MISSING, OTHER = "(missing)", "(other)"
"""The groups of samples without a value, and of the rarest values."""

_START = re.compile(r"(?:≥ )?([+-]?\d+(?:\.\d+)?(?:e[+-]?\d+)?)(?: to < .+)?")
_Key = tuple[int, float, str]


def in_order(groups: Iterable[str]) -> list[str]:
    """Sort groups: bands and numbers from the lowest up, then words, then the rarest and the missing values."""
    return sorted(groups, key=_key)


def _key(group: str) -> _Key:
    if group in (OTHER, MISSING):
        return (3, float(group == MISSING), group)
    if group.startswith("< "):
        return (0, 0.0, group)
    if start := _START.fullmatch(group):
        return (1, float(start[1]), group)
    return (2, 0.0, group.casefold())
