"""Compare a group of samples with all others: the difference of a metric, its interval and p. Pure numpy.

Zou, Am. J. Epidemiol. 166 (2007) 1255-1259 (MOVER): the interval of a difference a - b follows from those of a and b,
a - b - sqrt((a - l)^2 - 2 r (a - l)(u - b) + (u - b)^2) with the lower end l of a and the upper end u of b; likewise
at the other end. So it holds for few, perfect and repeated samples as far as the intervals of both do. The samples are
different ones, but patients may have some in both: r is the correlation of the two metrics by patient, 0 where no
patient is in both. p is the smallest level at which the interval has 0 at its end.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Literal, NamedTuple, Protocol, TypeAlias

import numpy as np
from scipy.special import ndtr

from runs.statistics.evaluated import Evaluated
from runs.statistics.intervals.auroc_interval import auroc_spread
from runs.statistics.intervals.proportions import proportion_spread
from runs.statistics.matrix_statistics import Z95
from runs.statistics.roc import Flags, Floats, Ints, ascending, placements

Metric: TypeAlias = Literal["auroc", "sensitivity", "specificity", "accuracy"]

_FARTHEST = 8.0
_STEPS = 100
_NEAR = 1e-11


class Spread(Protocol):
    """A metric with its interval at each normal quantile."""

    def ends(self, z: float = ...) -> tuple[float, float]:
        """Return the ends of the interval."""
        ...

    def end(self, place: int, z: float) -> float:
        """Return the lower end, 0, or the upper one, 1, alone."""
        ...


class Measured(NamedTuple):
    """A metric of some samples: its value, its spread, and by how much each of `units`, patients or samples, moves it.

    Each unit is there once.
    """

    value: float
    spread: Spread
    units: Ints
    influence: Floats


class Difference(NamedTuple):
    """The metric of a group less that of the others; `p` is two-sided, and 1.2e-15 where it is smaller."""

    value: float
    low: float
    high: float
    p: float


def difference(split: Evaluated, inside: Flags, units: Ints, metric: Metric) -> Difference | None:
    """Compare the samples inside with those outside; None where one of both has no such metric, or no interval of it.

    `units` has the number of each sample's patient, or of the sample itself.
    """
    measure = MEASURES[metric]
    one, other = (measure(split, part, units) for part in (inside, ~inside))
    if one is None or other is None:
        return None
    shared = _correlation(one, other)
    value = one.value - other.value
    low, high = (_end(one, other, shared, place, Z95) for place in (0, 1))
    return Difference(value, low, high, _p(one, other, shared))


def _end(one: Measured, other: Measured, shared: float, place: int, z: float) -> float:
    """Find the lower end, 0, or the upper one, 1: it is as far as both metrics' ends that make it so."""
    own = abs(one.spread.end(place, z) - one.value)
    others = abs(other.spread.end(1 - place, z) - other.value)
    half = math.sqrt(max(0.0, own**2 - 2 * shared * own * others + others**2))
    return one.value - other.value + (half if place else -half)


def _p(one: Measured, other: Measured, shared: float) -> float:
    """Find the quantile at which the interval begins or ends with 0.

    By false position with the correction named after Illinois (Dowell and Jarratt, BIT 11 (1971) 168-174): an end is
    nearly a straight line of the quantile.
    """
    if one.value == other.value:
        return 1.0
    place = 0 if one.value > other.value else 1

    def room(z: float) -> float:
        """Return how far 0 is outside the interval."""
        end = _end(one, other, shared, place, z)
        return -end if place else end

    return 2 * float(ndtr(-_crossing(room, abs(one.value - other.value))))


def _crossing(room: Callable[[float], float], above: float) -> float:
    """Find where `room`, which is `above` 0 at 0, falls to 0; `_FARTHEST` if it is still above there."""
    inside, outside, below, twice = 0.0, _FARTHEST, room(_FARTHEST), 0
    found = outside
    for _ in range(_STEPS if below < 0 else 0):
        before, found = found, (inside * below - outside * above) / (below - above)
        height = room(found)
        if abs(found - before) < _NEAR or height == 0:
            break
        if height > 0:
            inside, above, below = found, height, below / 2 if twice > 0 else below
        else:
            outside, below, above = found, height, above / 2 if twice < 0 else above
        twice = 1 if height > 0 else -1
    return found


def _correlation(one: Measured, other: Measured) -> float:
    """Return the correlation of two metrics by the patients who move both; 0 without such patients."""
    shared, of_one, of_other = np.intersect1d(one.units, other.units, assume_unique=True, return_indices=True)
    if not len(shared):
        return 0.0
    squares = float((one.influence**2).sum() * (other.influence**2).sum())
    product = float((one.influence[of_one] * other.influence[of_other]).sum())
    return max(-1.0, min(1.0, product / math.sqrt(squares))) if squares > 0 else 0.0


def _auroc(split: Evaluated, part: Flags, units: Ints) -> Measured | None:
    scores, positive, of = split.ranks_of(1)[part], split.own(1)[part], units[part]
    order = ascending(scores)
    spread = auroc_spread(scores, positive, _known(split, of), order)
    if spread is None:
        return None
    found = placements(scores, positive, order)
    moved = np.empty(len(scores))
    moved[positive] = (found.above - spread.area) / len(found.above)
    moved[~positive] = (found.below - spread.area) / len(found.below)
    return _moved(spread.area, spread, moved, of)


def _share(of: Callable[[Evaluated], Flags], right: Callable[[Evaluated], Flags]) -> Measure:
    """Make what measures how many of some samples are right."""

    def measure(split: Evaluated, part: Flags, units: Ints) -> Measured | None:
        taken = part & of(split)
        hits, own = right(split)[taken], units[taken]
        spread = proportion_spread(hits, _known(split, own))
        if spread is None:
            return None
        return _moved(spread.share, spread, (hits - spread.share) / len(hits), own)

    return measure


def _known(split: Evaluated, units: Ints) -> Ints | None:
    return None if split.patients is None else renumbered(units)


def renumbered(units: Ints) -> Ints:
    """Give units numbers from 0 on without gaps."""
    return np.asarray(np.unique(units, return_inverse=True)[1], dtype=np.int64)


def _moved(value: float, spread: Spread, moved: Floats, units: Ints) -> Measured:
    """Add up by how much the samples of each unit move the metric."""
    present, places = np.unique(units, return_inverse=True)
    return Measured(value, spread, present, np.bincount(places, weights=moved).astype(np.float64))


Measure: TypeAlias = Callable[[Evaluated, Flags, Ints], Measured | None]
MEASURES: Mapping[Metric, Measure] = {
    "auroc": _auroc,
    "sensitivity": _share(lambda split: split.own(1), lambda split: split.said(1)),
    "specificity": _share(lambda split: ~split.own(1), lambda split: ~split.said(1)),
    "accuracy": _share(
        lambda split: np.ones(len(split.targets), dtype=np.bool_), lambda split: split.predicted == split.targets
    ),
}
