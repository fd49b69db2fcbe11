"""Choose the points by which ROC and precision-recall curve are drawn: few, each exactly on its curve. Pure numpy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from runs.statistics.roc import Flags, Floats, Ints


class Steps(NamedTuple):
    """What is found at thresholds from high to low: of the samples scored `thresholds` or more, how many are right.

    `true` are those of the class, `false` the others.
    """

    thresholds: Floats
    true: Ints
    false: Ints

    def at(self, places: Ints) -> Steps:
        """Return the steps at these places alone."""
        return Steps(self.thresholds[places], self.true[places], self.false[places])


def steps(ranks: Floats, scores: Floats, positive: Flags) -> Steps:
    """Count at each distinct rank, from the highest down; the threshold of a step is the score of its samples."""
    order = np.argsort(-ranks, kind="stable")
    ends = np.flatnonzero(np.diff(ranks[order], append=-np.inf))
    true = np.cumsum(positive[order], dtype=np.int64)[ends]
    return Steps(scores[order[ends]], true, (ends + 1 - true).astype(np.int64))


def roc_points(found: Steps, most: int) -> Steps:
    """Return the corners of the ROC, or `most` of them spread evenly along it; it begins before them, at 0, 0."""
    corners = _turns(np.diff(found.true, prepend=0), np.diff(found.false, prepend=0))
    there = found.at(corners)
    return there.at(_spread(_shares(there.true), _shares(there.false), most))


def precision_recall_points(found: Steps, most: int) -> Steps:
    """Return where recall grows and precision then changes, or `most` of these spread evenly along the curve.

    Between two points the curve has the precision of the second, as average precision counts it. A curve of a class
    without samples has no points.
    """
    growing = found.at(np.flatnonzero(np.diff(found.true, prepend=0)))
    there = growing.at(_turns(growing.true, growing.false))
    return there.at(_spread(_shares(there.true), there.true / np.maximum(1, there.true + there.false), most))


def stops(found: Steps, thresholds: Sequence[float], most: int) -> Steps:
    """Return the steps, or about `most` of them at equal distances, with the lowest and those of the thresholds."""
    if len(found.true) <= most:
        return found
    chosen = np.linspace(0, len(found.true) - 1, most).astype(np.int64)
    wanted = [max(0, int((found.thresholds >= threshold).sum()) - 1) for threshold in thresholds]
    chosen = np.append(chosen, np.asarray(wanted, dtype=np.int64))
    return found.at(np.unique(chosen))


def _turns(up: Ints, along: Ints) -> Ints:
    """Return the places after which the direction up / along changes, and the last place."""
    turns = up[:-1] * along[1:] != up[1:] * along[:-1]
    return np.append(np.flatnonzero(turns), len(up) - 1) if len(up) else np.empty(0, np.int64)


def _shares(counts: Ints) -> Floats:
    return np.asarray(counts / max(1, int(counts[-1]) if len(counts) else 1), dtype=np.float64)


def _spread(x: Floats, y: Floats, most: int) -> Ints:
    """Return at most `most` places, equally far from each other along the curve; the first and the last are there."""
    if len(x) <= most:
        return np.arange(len(x))
    lengths = np.cumsum(np.abs(np.diff(x, prepend=x[0])) + np.abs(np.diff(y, prepend=y[0])))
    return np.unique(np.searchsorted(lengths, np.linspace(0, lengths[-1], most))).clip(max=len(x) - 1)
