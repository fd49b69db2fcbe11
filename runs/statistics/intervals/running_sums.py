"""Add up the weights of samples from the first on, for many resamples side by side. Pure numpy.

A resample is a column. Whole rows of weights are gathered and added, which processors do many at once, where numpy's
cumsum adds one number after the other. To that end samples do not lie one after the other: sample `strip * DEPTH +
level` of a part lies at `level * strips + strip`, so that a level is added to the one above it in a single step.
"""

from __future__ import annotations

import itertools
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from runs.statistics.roc import Ints

Sums: TypeAlias = NDArray[np.int32]
Places: TypeAlias = NDArray[np.int32]
Columns: TypeAlias = NDArray[Any]
"""How often each patient counts, (patients, resamples), in a narrow unsigned type."""

DEPTH = 32


class Buffers:
    """Memory that is used again by part after part: to get new memory for each takes longer than to fill it."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], NDArray[Any]] = {}

    def array(self, name: str, shape: tuple[int, int], kind: Any = np.int32) -> NDArray[Any]:
        """Return an array with anything in it, which the next one of that name overwrites."""
        size, key = shape[0] * shape[1], (name, np.dtype(kind).char)
        if key not in self._kept or len(self._kept[key]) < size:
            self._kept[key] = np.empty(size, dtype=kind)
        return self._kept[key][:size].reshape(shape)

    def taken(self, name: str, values: NDArray[Any], places: Places) -> NDArray[Any]:
        """Return the rows at these places, as `take` does; `wrap` saves it a copy, no place is outside."""
        into = self.array(name, (len(places), values.shape[1]), values.dtype)
        return np.take(values, places, axis=0, out=into, mode="wrap")


class RunningSums:
    """The samples of one part, in order; `units` has the number of each one's patient."""

    def __init__(self, units: Ints) -> None:
        self._size, self._strips = len(units), -(-len(units) // DEPTH)
        padded = np.zeros(self._strips * DEPTH, dtype=np.int32)
        padded[: len(units)] = units
        self._units = padded.reshape(self._strips, DEPTH).T.ravel()
        self.last = int(self.places(np.array([self._size]))[0])

    def places(self, counts: Ints) -> Places:
        """Return the rows of `of` in which so many of the samples are added up."""
        strip, level = np.divmod(counts - 1, DEPTH)
        return np.where(counts == 0, 0, 1 + level * self._strips + strip).astype(np.int32)

    def of(self, columns: Columns, before: Sums, buffers: Buffers, name: str) -> Sums:
        """Return the sums of each column, on top of those `before`, which are the first row."""
        rows = columns.shape[1]
        sums = buffers.array(name, (1 + len(self._units), rows))
        sums[0] = before
        if self._size:
            sums[1:] = buffers.taken("drawn", columns, self._units)
            self._add_up(sums[1:].reshape(DEPTH, self._strips, rows), before)
        return sums

    def _add_up(self, levels: NDArray[np.int32], before: Sums) -> None:
        for upper, lower in itertools.pairwise(levels):
            np.add(upper, lower, out=lower)
        ahead = np.cumsum(levels[-1], axis=0, dtype=np.int32)
        ahead -= levels[-1]
        ahead += before
        levels += ahead
