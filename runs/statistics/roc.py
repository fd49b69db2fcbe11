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


def roc_steps(scores: Floats, positive: Flags) -> tuple[Ints, Ints]:
    """Count true and false positives at each distinct threshold, from the highest down; equal scores are one step."""
    order = np.argsort(-scores, kind="stable")
    ranked, hits = scores[order], positive[order]
    ends = np.append(np.flatnonzero(np.diff(ranked)), len(ranked) - 1) if len(ranked) else np.empty(0, np.int64)
    true = np.cumsum(hits, dtype=np.int64)[ends]
    return true, (ends + 1 - true).astype(np.int64)


def auroc(scores: Floats, positive: Flags) -> Number:
    """Compute the area under the exact ROC, ties counted half (Mann-Whitney); None without both classes."""
    return area(*roc_steps(scores, positive))


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


def placements(scores: Floats, positive: Flags) -> Placements:
    """Compute the placements by the mid-ranks of Sun and Xu, IEEE Signal Process. Lett. 21 (2014) 1389-1393."""
    above, below, ranks = scores[positive], scores[~positive], _midranks(scores)
    return Placements(
        (ranks[positive] - _midranks(above)) / max(1, len(below)),
        1 - (ranks[~positive] - _midranks(below)) / max(1, len(above)),
    )


def _midranks(values: Floats) -> Floats:
    """Rank values from 1; equal values share the mean of their ranks."""
    _, inverse, sizes = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(sizes)
    return np.asarray((last - (sizes - 1) / 2)[inverse], dtype=np.float64)
