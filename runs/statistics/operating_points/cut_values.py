"""Find a threshold between two neighbouring scores that calls the same samples in single precision too. Pure numpy.

A threshold that is the score of a sample goes wrong where scores are computed again with fewer digits. Half-way between
two neighbours it does not, if it is itself a number of single precision that lies between theirs.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class CutValue(NamedTuple):
    """A threshold: the upper of two neighbours is at or above it, the lower one below.

    `holds_in_single` says whether that stays so where threshold and neighbours are rounded to single precision.
    """

    value: float
    holds_in_single: bool


NEAREST = 1e-6
"""From a score, of a threshold that is kept as it was written: some 16 steps of single precision near 1."""


def held_cut(wanted: float, below: float, above: float) -> float:
    """Return the wanted threshold where it is far enough from both neighbours, else one between them.

    The wanted one calls the upper neighbour, and not the lower one.
    """
    far = min(wanted - below, above - wanted) >= NEAREST
    return wanted if far else cut_between(below, above).value


def cut_between(below: float, above: float) -> CutValue:
    """Return the threshold between two numbers, the middle if it is one; the upper one where they are equal."""
    middle = below + (above - below) / 2
    low, high = _single(below), _single(above)
    for value in (_single(middle), high):
        if below < value <= above and low < value <= high:
            return CutValue(value, True)
    return CutValue(middle if below < middle <= above else above, False)


def _single(value: float) -> float:
    with np.errstate(over="ignore"):
        return float(np.float32(value))
