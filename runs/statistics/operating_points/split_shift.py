"""Say whether a share differs between two splits by more than chance explains. Pure Python.

Newcombe, Stat. Med. 17 (1998) 873-890, method 10: the interval of the difference of two independent shares from the
interval of each. It holds for intervals that follow patients, too: Zou and Donner, Stat. Med. 27 (2008) 1693-1702.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

from runs.statistics.matrix_statistics import Number


class Shift(NamedTuple):
    """How a share differs: that of the second split less that of the first, with its 95 % interval."""

    difference: float
    low: float
    high: float

    @property
    def excludes_zero(self) -> bool:
        """Return whether chance alone does not explain the difference."""
        return self.low > 0 or self.high < 0


def shift(name: str, first: Mapping[str, Number], second: Mapping[str, Number]) -> Shift | None:
    """Compare a share of two splits; None where one, or an end of its interval, is not known."""
    before, after = (_with_ends(name, statistics) for statistics in (first, second))
    if before is None or after is None:
        return None
    (one, one_low, one_high), (other, other_low, other_high) = before, after
    difference = other - one
    down, up = math.hypot(other - other_low, one_high - one), math.hypot(other_high - other, one - one_low)
    return Shift(difference, difference - down, difference + up)


def _with_ends(name: str, statistics: Mapping[str, Number]) -> tuple[float, float, float] | None:
    value, low, high = (statistics.get(f"{name}{end}") for end in ("", "_ci_low", "_ci_high"))
    return None if value is None or low is None or high is None else (value, low, high)
