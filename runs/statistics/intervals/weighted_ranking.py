"""Compute average precision and AUROC of resampled patients without sorting again. Pure numpy.

Scores are sorted once. Equal scores are one step: a resample's numbers follow from how many positives and negatives are
drawn down to the end of each step, which are running sums of the patients' weights.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from runs.statistics.intervals.running_sums import Buffers, Columns, RunningSums, Sums
from runs.statistics.roc import Ascending, Flags, Floats, Ints

_TOGETHER = 1 << 13
"""Samples that are worked on at once: their weights in so many resamples as come together fit a processor's cache."""
_MOST_CELLS = 1 << 25
"""Samples times resamples at once, where very many samples share a score."""


class Ranked(NamedTuple):
    """The numbers of each row; no AUROC where it was not asked for."""

    average_precision: Floats
    auroc: Floats | None


class WeightedRanking:
    """The `order` of one class's scores; `units` is the number of each sample's patient."""

    def __init__(self, order: Ascending, positive: Flags, units: Ints, buffers: Buffers, *, with_auroc: bool) -> None:
        descending = order.order[::-1]
        hits, units, ends = positive[descending], units[descending], len(descending) - order.starts[::-1]
        self._buffers, self._with_auroc = buffers, with_auroc
        self._parts = [_Part(hits[cut], units[cut], of, with_auroc=with_auroc) for cut, of in _cut(ends)]

    def numbers(self, columns: Columns) -> Ranked:
        """Compute both for (patients, rows) weights; NaN where a row has no positives, or no negatives."""
        rows, most = columns.shape[1], max(1, _MOST_CELLS // max(part.size for part in self._parts))
        found = [self._numbers(columns[:, start : start + most]) for start in range(0, rows, most)]
        areas = [each.auroc for each in found if each.auroc is not None]
        averages = np.concatenate([each.average_precision for each in found])
        return Ranked(averages, np.concatenate(areas) if areas else None)

    def _numbers(self, columns: Columns) -> Ranked:
        sums, table = _Sums(columns.shape[1]), np.ascontiguousarray(columns)
        for part in self._parts:
            part.add_to(sums, table, self._buffers)
        with np.errstate(invalid="ignore", divide="ignore"):
            average = sums.precision / sums.true
            pairs = sums.true * sums.false.astype(np.float64)
            return Ranked(average, 1 - sums.above / 2 / pairs if self._with_auroc else None)


def _cut(ends: Ints) -> Iterator[tuple[slice, Ints]]:
    """Cut samples at ends of steps into parts; yield where each is, and the ends of its steps, counted from there."""
    wanted = np.arange(_TOGETHER, ends[-1] + _TOGETHER, _TOGETHER).clip(max=ends[-1])
    first, start = 0, 0
    for last in np.unique(np.searchsorted(ends, wanted)).tolist():
        end = int(ends[last])
        yield slice(start, end), ends[first : last + 1] - start
        first, start = last + 1, end


class _Sums:
    """What the parts so far add up to, of each row; `above` is twice the negatives above positives and half beside."""

    def __init__(self, rows: int) -> None:
        self.true, self.false = np.zeros(rows, dtype=np.int32), np.zeros(rows, dtype=np.int32)
        self.precision, self.above = np.zeros(rows), np.zeros(rows)


class _Part:
    """Samples of some steps; `ends` says how many there are down to the end of each step."""

    def __init__(self, hits: Flags, units: Ints, ends: Ints, *, with_auroc: bool) -> None:
        self.size, self._with_auroc = len(hits), with_auroc
        positives = np.cumsum(hits, dtype=np.int64)[ends - 1]
        starts = np.concatenate(([0], ends[:-1])) - np.concatenate(([0], positives[:-1]))
        kept = np.diff(positives, prepend=0) > 0
        self._positives, self._negatives = RunningSums(units[hits]), RunningSums(units[~hits])
        self._true = self._positives.places(np.concatenate(([0], positives[kept])))
        negatives = (ends - positives)[kept]
        self._false = self._negatives.places(negatives)
        self._tied = bool((negatives != starts[kept]).any())
        self._start = self._negatives.places(starts[kept]) if with_auroc and self._tied else None

    def add_to(self, sums: _Sums, columns: Columns, buffers: Buffers) -> None:
        """Add what this part's steps contribute."""
        false = self._negatives.of(columns, sums.false, buffers, "false")
        if len(self._false):
            true = self._positives.of(columns, sums.true, buffers, "true")
            self._add_steps(sums, true, false, buffers)
            sums.true = true[self._positives.last].copy()
        sums.false = false[self._negatives.last].copy()

    def _add_steps(self, sums: _Sums, true: Sums, false: Sums, buffers: Buffers) -> None:
        found = buffers.taken("found", true, self._true)
        passed = buffers.taken("passed", false, self._false)
        hits = np.subtract(found[1:], found[:-1], out=buffers.array("hits", passed.shape))
        if self._with_auroc:
            before = passed if self._start is None else buffers.taken("before", false, self._start)
            sums.above += np.einsum("ij,ij->j", hits, passed + before, dtype=np.float64)
        reached = np.add(passed, found[1:], out=passed)
        if not reached[0].all():  # else none of the later ones, which are no less, is 0
            np.maximum(reached, 1, out=reached)
        precision = np.divide(found[1:], reached, out=buffers.array("precision", hits.shape, np.float64))
        sums.precision += np.einsum("ij,ij->j", hits, precision)
