"""Measure how well scores rank one class: exact ROC area, average precision, placements. Pure numpy.

`scores` are (N,) finite floats, higher = more likely positive; `positive` are (N,) flags. Not defined is None, never 0.
"""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from runs.statistics.matrix_statistics import Number

Floats: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.int64]
Flags: TypeAlias = NDArray[np.bool_]


class Ascending(NamedTuple):
    """The samples from the lowest score up: `order` has their places, `starts` where in it each score begins."""

    order: Ints
    starts: Ints

    def counts(self, positive: Flags) -> tuple[Ints, Ints]:
        """Count the positives and the negatives of each score."""
        if not len(self.order):
            return np.empty(0, np.int64), np.empty(0, np.int64)
        hits = np.add.reduceat(positive[self.order], self.starts, dtype=np.int64)
        return hits, np.diff(self.starts, append=len(self.order)) - hits

    def by(self, scores: Floats) -> Ascending:
        """Order by other scores, which rise hardly ever where these fall: that takes little time."""
        return _ascending(scores, self.order[np.argsort(scores[self.order], kind="stable")])


def ascending(scores: Floats) -> Ascending:
    """Order samples by their scores; those of equal scores in no order."""
    return _ascending(scores, np.argsort(scores))


def _ascending(scores: Floats, order: Ints) -> Ascending:
    return Ascending(order, np.flatnonzero(np.diff(scores[order], prepend=-np.inf)))


def roc_steps(scores: Floats, positive: Flags, known: Ascending | None = None) -> tuple[Ints, Ints]:
    """Count true and false positives at each distinct threshold, from the highest down; equal scores are one step.

    `known` is the order of the scores, where it is known.
    """
    hits, misses = (known or ascending(scores)).counts(positive)
    return np.cumsum(hits[::-1]), np.cumsum(misses[::-1])


def auroc(scores: Floats, positive: Flags, known: Ascending | None = None) -> Number:
    """Compute the area under the exact ROC, ties counted half (Mann-Whitney); None without both classes."""
    return area(*roc_steps(scores, positive, known))


def area(true: Ints, false: Ints) -> Number:
    """Compute the area under the ROC through those steps; None without both classes."""
    if not len(true) or not true[-1] or not false[-1]:
        return None
    heights = true + np.concatenate(([0], true[:-1]))
    doubled = int((np.diff(false, prepend=0) * heights).sum())
    return doubled / (2 * int(true[-1]) * int(false[-1]))


def average_precision(true: Ints, false: Ints) -> Number:
    """Sum recall gained x precision over the steps, without interpolation; None without positives.

    The same number as scikit-learn's.
    """
    if not len(true) or not true[-1]:
        return None
    gained = np.diff(true, prepend=0) / true[-1]
    return float((gained * (true / (true + false))).sum())


class Placements(NamedTuple):
    """Where each sample stands in the other class, (positives,) and (negatives,); the mean of either is the AUROC.

    `above`: of each positive the share of negatives below it; `below`: of each negative the share of positives above
    it. Equal scores count half.
    """

    above: Floats
    below: Floats


def placements(scores: Floats, positive: Flags, known: Ascending | None = None) -> Placements:
    """Count what is below each positive and above each negative, in the order of the samples."""
    known = known or ascending(scores)
    hits, misses = known.counts(positive)
    step = np.empty(len(scores), dtype=np.int64)
    step[known.order] = np.repeat(np.arange(len(hits)), hits + misses)
    below = (np.cumsum(misses) - misses / 2) / max(1, int(misses.sum()))
    above = 1 - (np.cumsum(hits) - hits / 2) / max(1, int(hits.sum()))
    return Placements(below[step[positive]], above[step[~positive]])
