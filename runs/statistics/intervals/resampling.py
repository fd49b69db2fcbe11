"""Draw patients with replacement, as numbers of times that each is drawn. Pure numpy.

The draws depend on nothing but the labels and patients of a split, in its order: networks that are evaluated on the
same samples get the same resamples, and anyone who repeats the evaluation gets the same intervals.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterator
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from runs.statistics.evaluated import Evaluated
from runs.statistics.intervals.running_sums import Columns
from runs.statistics.roc import Ints

Weights: TypeAlias = NDArray[np.int32]

RESAMPLES = 2_000
FEWEST_RESAMPLES = 200
JACKKNIFED = 2_000
"""So many patients at most are also left out one by one, for BCa intervals."""

_WORK = 2_400_000_000
_BLOCK = 1 << 18
_ROWS = 32
"""Resamples that are worked on side by side, if memory allows; more where samples are few."""
_CELLS = 1 << 24
"""Patients times resamples at once."""


class Resampling(NamedTuple):
    """How a split is drawn: `units` has the number of each sample's patient, or of the sample itself."""

    units: Ints
    people: int
    draws: int
    seed: int

    @property
    def jackknifed(self) -> bool:
        """Whether each patient is also left out once."""
        return self.people <= JACKKNIFED

    def blocks(self) -> list[tuple[int, int]]:
        """Return (first, end) of the rows of each block: row 0 is the split itself, draws and left out follow."""
        rows = 1 + self.draws + (self.people if self.jackknifed else 0)
        size = max(1, _BLOCK // len(self.units))
        ends = [0, *range(1, 1 + self.draws, size), *range(1 + self.draws, rows, size), rows]
        return list(itertools.pairwise(ends))

    def batches(self, *, left_out: bool = True) -> Iterator[Columns]:
        """Yield the weights of all rows in order, as `columns`, of several blocks where blocks have few rows.

        Patients are not left out if not wanted.
        """
        most = max(1, min(_ROWS, _CELLS // self.people))
        rows: list[Weights] = []
        for block in self.blocks():
            if left_out or block[0] <= self.draws:
                rows.append(self.weights(block))
            if sum(map(len, rows)) >= most:
                yield columns(np.concatenate(rows))
                rows = []
        if rows:
            yield columns(np.concatenate(rows))

    def weights(self, block: tuple[int, int]) -> Weights:
        """Return how often each patient counts, (rows, people): once, as drawn, or once but for one patient."""
        first, end = block
        if first == 0 or first > self.draws:
            weights = np.ones((end - first, self.people), dtype=np.int32)
            if first:
                weights[np.arange(end - first), np.arange(first, end) - 1 - self.draws] = 0
            return weights
        drawn = np.random.default_rng([self.seed, first]).integers(0, self.people, (end - first, self.people))
        drawn += np.arange(end - first)[:, None] * self.people
        counts = np.bincount(drawn.ravel(), minlength=drawn.size)
        return np.asarray(counts.reshape(drawn.shape), dtype=np.int32)


def resampling(split: Evaluated, classes: int) -> Resampling:
    """Plan 2,000 resamples, fewer where samples, classes and patients are so many that they would take long."""
    units = units_of(split)
    people = int(units.max()) + 1
    work = len(units) * classes + 2 * people
    draws = min(RESAMPLES, max(FEWEST_RESAMPLES, _WORK // work))
    return Resampling(units, people, draws, seed_of(split))


def columns(weights: Weights) -> Columns:
    """Return the weights with a column for each row, in a type as narrow as they allow."""
    narrow = np.min_scalar_type(int(weights.max(initial=0)))
    return np.ascontiguousarray(weights.astype(narrow).T)


def units_of(split: Evaluated) -> Ints:
    """Return what is independent: the number of each sample's patient, or of the sample itself."""
    return np.arange(len(split.targets)) if split.patients is None else split.patients


def of_several(units: Ints) -> bool:
    """Return whether these samples are of two or more patients, or are two or more independent ones."""
    return bool(len(units)) and bool((units != units[0]).any())


def seed_of(split: Evaluated) -> int:
    """Return where the random numbers of a split begin."""
    parts = (split.targets, units_of(split))
    digest = hashlib.sha256(b"".join(part.astype("<i8").tobytes() for part in parts)).digest()
    return int.from_bytes(digest[:8], "little")
