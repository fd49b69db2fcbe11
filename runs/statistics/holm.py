"""Adjust p values for the number of comparisons: Holm, Scand. J. Stat. 6 (1979) 65-70. Pure Python."""

from __future__ import annotations

from collections.abc import Sequence

from runs.statistics.matrix_statistics import Number


def holm(values: Sequence[Number]) -> list[Number]:
    """Return the adjusted p values in their order: below .05 for any only 5 % of the times that all are chance.

    A comparison without a p value has none, and still counts as one.
    """
    adjusted: list[Number] = [None] * len(values)
    highest = 0.0
    known = sorted((value, place) for place, value in enumerate(values) if value is not None)
    for rank, (value, place) in enumerate(known):
        highest = max(highest, min(1.0, (len(values) - rank) * value))
        adjusted[place] = highest
    return adjusted
