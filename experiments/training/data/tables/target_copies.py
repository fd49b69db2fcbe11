"""Columns that tell the target by themselves: copies of it, other codes for it, the order in which rows were kept."""

from __future__ import annotations

from itertools import combinations
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from experiments.training.data.tables.contents.cells import Codes
from experiments.training.data.tables.contents.typed_column import Column

FEWEST_ROWS = 50
FEWEST_OF_A_CLASS = 10
LOOKED_AT = 2_000  # rows of each class, drawn at random: near-perfect in so many is near-perfect
MOST_CLASSES = 20
ROWS_EACH = 10  # for each different value, at least: others learn the rows by heart
# Wrong by the best rule that reads one column, as a share of what is wrong without it. Of the columns of public sets
# nearest to it, the odour of mushrooms reaches 0.03, the width of iris petals 0.06.
WRONG = 0.02
# The AUROC of one column, averaged over pairs of classes (Hand & Till). Of measurements in public sets the length of
# iris petals reaches 0.994, the largest perimeter in breast-cancer 0.976.
TELLING = 0.997
BLOCKS = 0.1  # of those that as many rows in random order have

Telling: TypeAlias = Literal["rule", "order", "follows"]


class Target:
    """The labels of the rows that are looked at."""

    def __init__(self, labels: NDArray[np.intp]) -> None:
        counts = np.bincount(labels, minlength=1)
        self._classes = np.flatnonzero(counts >= FEWEST_OF_A_CLASS).tolist()
        self._can_be_told = len(labels) >= FEWEST_ROWS and 1 < len(self._classes) <= MOST_CLASSES
        self._rows = _drawn(labels, len(counts) if self._can_be_told else 0)
        self._labels = labels[self._rows]
        self._wrong_at_most = WRONG * (len(self._labels) - np.bincount(self._labels, minlength=1).max())

    def is_told_by(self, column: Column) -> Telling | None:
        """Say how the column alone tells the classes apart nearly without a fault; None if it does not.

        By `rule`, few values each stand for a class; by `order`, the classes have different ranges of many values. A
        column `follows` the target where all rows of a class have the same value, as in 0 and 1 for one of the classes.
        """
        if not self._can_be_told:
            return None
        if column.values is None:
            return None if column.codes is None else self._of_few(column.codes[self._rows])
        values = column.values[self._rows]
        different, codes = np.unique(values, return_inverse=True)
        if len(different) * ROWS_EACH <= len(values):
            return self._of_few(codes)
        gaps = np.isnan(values)
        filled = [np.where(gaps, gap, values) for gap in (np.inf, -np.inf)] if gaps.any() else [values]
        return "order" if any(map(self._by_order, filled)) else None

    def is_sorted_by(self, values: NDArray[np.float64]) -> bool:
        """Return whether the classes come in few blocks when the rows are sorted by these different values."""
        if not self._can_be_told:
            return False
        labels = self._labels[np.argsort(values[self._rows])]
        blocks = 1 + np.count_nonzero(labels[1:] != labels[:-1])
        shares = np.bincount(labels) / len(labels)
        return bool(blocks <= BLOCKS * len(labels) * (1 - (shares**2).sum()))

    def _of_few(self, codes: Codes) -> Telling | None:
        """Say whether most rows with the same value have the same class, or those of a class the same value."""
        values, classes = int(codes.max()) + 1, int(self._labels.max()) + 1
        if values * ROWS_EACH > len(codes):
            return None
        counts = np.bincount(codes * classes + self._labels, minlength=values * classes).reshape(values, classes)
        if len(codes) - counts.max(axis=1).sum() <= self._wrong_at_most:
            return "rule"
        others = len(codes) - counts.sum(axis=1).max()  # rows without the most frequent value
        if others < FEWEST_OF_A_CLASS:
            return None
        return "follows" if len(codes) - counts.max(axis=0).sum() <= WRONG * others else None

    def _by_order(self, values: NDArray[np.float64]) -> bool:
        """Return whether the classes lie one after the other when the rows are sorted by the value."""
        pairs = list(combinations(self._classes, 2))
        missing = (1 - TELLING) * len(pairs)
        for first, second in pairs:
            area = _area(values[self._labels == first], values[self._labels == second])
            missing -= 1 - max(area, 1 - area)
            if missing < 0:
                return False
        return True


def _drawn(labels: NDArray[np.intp], classes: int) -> Codes:
    """Draw the rows that are looked at: all of a small class, some of a large one."""
    chance, members = np.random.default_rng(0), [np.flatnonzero(labels == label) for label in range(classes)]
    drawn = [rows if len(rows) <= LOOKED_AT else chance.choice(rows, LOOKED_AT, replace=False) for rows in members]
    return np.sort(np.concatenate(drawn)) if drawn else np.zeros(0, np.intp)


def _area(low: NDArray[np.float64], high: NDArray[np.float64]) -> float:
    """Compute the AUROC of values that should be higher in the second group."""
    ordered = np.sort(low)
    below = ordered.searchsorted(high, "left").sum() + ordered.searchsorted(high, "right").sum()  # equal ones half
    return float(below / (2 * len(low) * len(high)))
