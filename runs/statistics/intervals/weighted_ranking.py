"""Compute average precision and AUROC of resampled patients without sorting again. Pure numpy.

Scores are sorted once. Kept of each positive: how far its tie reaches in the order of scores, and among the positives.
A resample is then gathers and running sums of the patients' weights.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from runs.statistics.intervals.resampling import Weights
from runs.statistics.roc import Flags, Floats, Ints


class Buffers:
    """Memory that is used again by resample after resample: to get new memory for each takes longer than to fill it."""

    def __init__(self) -> None:
        self._kept: dict[str, NDArray[Any]] = {}

    def array(self, name: str, shape: tuple[int, int], kind: type[Any] = np.int32) -> NDArray[Any]:
        """Return an array with anything in it, which the next one of that name overwrites."""
        size = shape[0] * shape[1]
        if name not in self._kept or len(self._kept[name]) < size:
            self._kept[name] = np.empty(size, dtype=kind)
        return self._kept[name][:size].reshape(shape)

    def taken(self, name: str, values: Weights, places: Ints) -> Weights:
        """Return the columns at these places, as `take` does; `wrap` saves it a copy, no place is outside."""
        into = self.array(name, (len(values), len(places)))
        return np.take(values, places, axis=1, out=into, mode="wrap")


class WeightedRanking:
    """The order of one class's scores; `units` is the number of each sample's patient."""

    def __init__(self, scores: Floats, positive: Flags, units: Ints, buffers: Buffers, *, with_auroc: bool) -> None:
        order = np.argsort(-scores, kind="stable")
        ranked = scores[order]
        self._units, self._buffers = units[order], buffers
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
        rows, buffers = len(weights), self._buffers
        drawn = buffers.taken("drawn", weights, self._units)
        hits = buffers.taken("hits", drawn, self._positives)
        above = np.cumsum(drawn, axis=1, dtype=np.int32, out=drawn)  # all samples down to this one
        true = np.cumsum(hits, axis=1, dtype=np.int32, out=buffers.array("true", hits.shape))
        reached = buffers.taken("reached", above, self._end)
        found = buffers.taken("found", true, self._end_among) if self._tied else true
        positives = true[:, -1] if true.shape[1] else np.zeros(rows, dtype=np.int32)
        auroc = self._auroc(above, true, hits, reached - found) if self._start is not None else None
        with np.errstate(invalid="ignore", divide="ignore"):
            np.maximum(reached, 1, out=reached)
            precision = np.divide(found, reached, out=buffers.array("precision", found.shape, np.float64))
            return Ranked(np.einsum("ij,ij->i", hits, precision) / positives, auroc)

    def _auroc(self, above: Weights, true: Weights, hits: Weights, false: Weights) -> Floats:
        """Sum up how many negatives are above each positive, half of those beside it."""
        before = np.pad(above, ((0, 0), (1, 0)))[:, self._start] - np.pad(true, ((0, 0), (1, 0)))[:, self._start_among]
        positives = hits.sum(axis=1, dtype=np.float64)
        pairs = positives * (above[:, -1] - positives)
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(1 - np.einsum("ij,ij->i", hits, (before + false) / 2) / pairs, dtype=np.float64)


class Ranked(NamedTuple):
    """The numbers of each row; no AUROC where it was not asked for."""

    average_precision: Floats
    auroc: Floats | None
