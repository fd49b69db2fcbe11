"""Compute average precision and AUROC of resampled patients without sorting again. Pure numpy.

Scores are sorted once. Kept of each positive: how far its tie reaches in the order of scores, and among the positives.
A resample is then gathers and running sums of the patients' weights.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from runs.statistics.intervals.resampling import Weights
from runs.statistics.roc import Flags, Floats, Ints


class WeightedRanking:
    """The order of one class's scores; `units` is the number of each sample's patient."""

    def __init__(self, scores: Floats, positive: Flags, units: Ints, *, with_auroc: bool) -> None:
        order = np.argsort(-scores, kind="stable")
        ranked = scores[order]
        self._units = units[order]
        self._positives = np.flatnonzero(positive[order])
        changes = np.flatnonzero(np.diff(ranked)) + 1
        starts = np.concatenate(([0], changes)).astype(np.int64)
        tie = np.searchsorted(starts, self._positives, side="right") - 1
        self._end = np.append(starts[1:], len(ranked))[tie] - 1
        self._end_among = np.searchsorted(self._positives, self._end, side="right") - 1
        self._tied = bool((self._end_among != np.arange(len(tie))).any())
        self._start = starts[tie] if with_auroc else None
        self._start_among = np.searchsorted(self._positives, starts[tie]) if with_auroc else None

    def numbers(self, weights: Weights) -> Ranked:
        """Compute both for (rows, patients) weights; NaN where a row has no positives, or no negatives."""
        drawn = np.take(weights, self._units, axis=1)
        above = np.cumsum(drawn, axis=1, dtype=np.int32)  # all samples down to this one
        hits = np.take(drawn, self._positives, axis=1)
        true = np.cumsum(hits, axis=1, dtype=np.int32)
        reached, found = (
            np.take(above, self._end, axis=1),
            np.take(true, self._end_among, axis=1) if self._tied else true,
        )
        positives = true[:, -1] if true.shape[1] else np.zeros(len(drawn), dtype=np.int32)
        with np.errstate(invalid="ignore", divide="ignore"):
            precision = found / np.maximum(reached, 1)
            average = np.einsum("ij,ij->i", hits, precision) / positives
            return Ranked(average, self._auroc(above, true, hits, reached - found))

    def _auroc(self, above: Weights, true: Weights, hits: Weights, false: Weights) -> Floats | None:
        """Sum up how many negatives are above each positive, half of those beside it."""
        if self._start is None or self._start_among is None:
            return None
        before = np.pad(above, ((0, 0), (1, 0)))[:, self._start] - np.pad(true, ((0, 0), (1, 0)))[:, self._start_among]
        positives = hits.sum(axis=1, dtype=np.float64)
        pairs = positives * (above[:, -1] - positives)
        return np.asarray(1 - np.einsum("ij,ij->i", hits, (before + false) / 2) / pairs, dtype=np.float64)


class Ranked(NamedTuple):
    """The numbers of each row; no AUROC where it was not asked for."""

    average_precision: Floats
    auroc: Floats | None
