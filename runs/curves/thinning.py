"""Thin a curve to few points that look the same: per bucket the first, lowest, highest and last sample. Pure.

Every point is a real sample, none is interpolated. The buckets are equal parts of the x axis, like the columns of
pixels of a chart: a spike of a single sample is the highest of its bucket, so it stays.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from runs.curves.tables import Ints, Numbers

FEWEST = 5
"""The smallest budget: the number of points that one bucket may keep."""


def thin(x: Numbers, y: Numbers, budget: int, span: tuple[float, float] | None = None) -> Ints:
    """Return the indices of at most `budget` (>= 5) samples, ascending; all of them when they are no more.

    `x` ascends (equal values may follow each other). A `y` that is not finite is a gap: a bucket with one keeps its
    first gap too. `span` is the part of the axis that is shown, which the buckets divide; None: that of `x`. The first
    and the last sample are always kept.
    """
    if len(x) <= budget:
        return np.arange(len(x))
    gaps = ~np.isfinite(y)
    any_gaps = bool(gaps.any())
    low, high = span or (x[0], x[-1])
    edges = np.linspace(low, high, max(1, budget // (5 if any_gaps else 4)) + 1)[1:-1]
    # Marks instead of `np.unique`, which in newer releases (NumPy 2.4) hashes: ten times the work of all else.
    kept = np.zeros(len(x), np.bool_)
    kept[0] = True
    kept[np.searchsorted(x, edges[edges <= x[-1]])] = True
    starts = np.flatnonzero(kept)
    lengths = np.diff(starts, append=len(x))
    kept[starts + lengths - 1] = True
    if any_gaps:
        kept[_first_of_each(gaps, starts)] = True
    for extreme, nothing in ((np.minimum, np.inf), (np.maximum, -np.inf)):
        known = np.where(gaps, nothing, y) if any_gaps else y
        found = extreme.reduceat(known, starts)
        hits = y == np.repeat(found, lengths)
        kept[_first_of_each(hits & ~gaps if any_gaps else hits, starts)] = True
    return np.flatnonzero(kept)


def _first_of_each(marked: NDArray[np.bool_], starts: Ints) -> Ints:
    """Return the first marked index of each bucket that has one."""
    hits = np.flatnonzero(marked)
    buckets = np.searchsorted(starts, hits, side="right")
    return hits[np.diff(buckets, prepend=0) > 0]
