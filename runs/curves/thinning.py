"""Thin a curve to few points that look the same: per bucket the first, lowest, highest and last sample. Pure.

Every point is a real sample, none is interpolated. The buckets are equal parts of the x axis, like the columns of
pixels of a chart: a spike of a single sample is the highest of its bucket, so it stays.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from runs.curves.tables import Ints, Numbers

FEWEST = 5
"""The smallest budget: the number of points that one bucket may keep."""
LONG = 1_000
"""Samples of a bucket from which on it is quicker to look into each by itself than to compare all samples."""


def gaps_of(y: Numbers) -> NDArray[np.bool_] | None:
    """Mark the values that are not finite; None: all are."""
    known = np.isfinite(y)
    return None if known.all() else ~known


def thin(
    x: Numbers,
    y: Numbers,
    budget: int,
    gaps: NDArray[np.bool_] | None,
    span: tuple[float, float] | None = None,
) -> Ints:
    """Return the indices of at most `budget` (>= 5) samples, ascending; all of them when they are no more.

    `x` ascends (equal values may follow each other). A bucket with gaps, those of `gaps_of(y)`, keeps its first gap
    too. `span` is the part of the axis that is shown, which the buckets divide; None: that of `x`. The first and the
    last sample are always kept.
    """
    if len(x) <= budget:
        return np.arange(len(x))
    low, high = span or (x[0], x[-1])
    edges = np.linspace(low, high, max(1, budget // (4 if gaps is None else 5)) + 1)[1:-1]
    # Marks instead of `np.unique`, which in newer releases (NumPy 2.4) hashes: ten times the work of all else.
    kept = np.zeros(len(x), np.bool_)
    kept[0] = True
    kept[np.searchsorted(x, edges[edges <= x[-1]])] = True
    starts = np.flatnonzero(kept)
    lengths = np.diff(starts, append=len(x))
    kept[starts + lengths - 1] = True
    if gaps is not None:
        kept[_first_of_each(gaps, starts)] = True
    find = _extremes_of_each if len(x) >= LONG * len(starts) else _extremes_at_once
    for place in find(y, gaps, starts, lengths):
        kept[place] = True
    return np.flatnonzero(kept)


def _extremes_of_each(y: Numbers, gaps: NDArray[np.bool_] | None, starts: Ints, lengths: Ints) -> Iterator[list[int]]:
    """Yield the first lowest and the first highest of each bucket, one bucket after the other.

    Of a bucket of gaps alone, its first one, which is kept anyhow.
    """
    bounds = list(zip(starts.tolist(), (starts + lengths).tolist(), strict=True))
    lowest, highest = (y, y) if gaps is None else (np.where(gaps, np.inf, y), np.where(gaps, -np.inf, y))
    yield [first + int(lowest[first:end].argmin()) for first, end in bounds]
    yield [first + int(highest[first:end].argmax()) for first, end in bounds]


def _extremes_at_once(y: Numbers, gaps: NDArray[np.bool_] | None, starts: Ints, lengths: Ints) -> Iterator[Ints]:
    """Yield the same of many short buckets."""
    for extreme, nothing in ((np.minimum, np.inf), (np.maximum, -np.inf)):
        known = y if gaps is None else np.where(gaps, nothing, y)
        hits = y == np.repeat(extreme.reduceat(known, starts), lengths)
        yield _first_of_each(hits if gaps is None else hits & ~gaps, starts)


def _first_of_each(marked: NDArray[np.bool_], starts: Ints) -> Ints:
    """Return the first marked index of each bucket that has one."""
    hits = np.flatnonzero(marked)
    buckets = np.searchsorted(starts, hits, side="right")
    return hits[np.diff(buckets, prepend=0) > 0]
