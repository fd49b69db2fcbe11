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
from runs.statistics.roc import Flags, Floats, Ints, placements

Metric: TypeAlias = Literal["auroc", "sensitivity", "specificity", "accuracy"]

_FARTHEST = 8.0
_HALVINGS = 40


class Spread(Protocol):
    """A metric with its interval at each normal quantile."""

    def ends(self, z: float = ...) -> tuple[float, float]:
        """Return the ends of the interval."""
        ...


class Measured(NamedTuple):
    """A metric of some samples: its value, its spread, and by how much each patient, or sample, moves it."""

    value: float
    spread: Spread
    influence: Mapping[int, float]


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
    shared = _correlation(one.influence, other.influence)
    value = one.value - other.value
    low, high = _ends(one, other, shared, Z95)
    return Difference(value, low, high, _p(one, other, shared))


def _ends(one: Measured, other: Measured, shared: float, z: float) -> tuple[float, float]:
    (low, high), (low_of_other, high_of_other) = one.spread.ends(z), other.spread.ends(z)
    value = one.value - other.value
    down = _joined(one.value - low, high_of_other - other.value, shared)
    up = _joined(high - one.value, other.value - low_of_other, shared)
    return value - down, value + up


def _joined(one: float, other: float, shared: float) -> float:
    return math.sqrt(max(0.0, one**2 - 2 * shared * one * other + other**2))


def _p(one: Measured, other: Measured, shared: float) -> float:
    """Find the quantile at which the interval begins or ends with 0, by halving."""
    if one.value == other.value:
        return 1.0
    place = 0 if one.value > other.value else 1

    def excludes_zero(z: float) -> bool:
        end = _ends(one, other, shared, z)[place]
        return end > 0 if place == 0 else end < 0

    inside, outside = 0.0, _FARTHEST
    for _ in range(_HALVINGS):
        middle = (inside + outside) / 2
        inside, outside = (middle, outside) if excludes_zero(middle) else (inside, middle)
    return 2 * float(ndtr(-(inside + outside) / 2))


def _correlation(one: Mapping[int, float], other: Mapping[int, float]) -> float:
    """Return the correlation of two metrics by the patients who move both; 0 without such patients."""
    shared = one.keys() & other.keys()
    if not shared:
        return 0.0
    squares = math.fsum(v * v for v in one.values()) * math.fsum(v * v for v in other.values())
    product = math.fsum(one[unit] * other[unit] for unit in shared)
    return max(-1.0, min(1.0, product / math.sqrt(squares))) if squares > 0 else 0.0


def _auroc(split: Evaluated, part: Flags, units: Ints) -> Measured | None:
    scores, positive, of = split.ranks_of(1)[part], split.own(1)[part], units[part]
    spread = auroc_spread(scores, positive, _known(split, of))
    if spread is None:
        return None
    found = placements(scores, positive)
    moved = np.empty(len(scores))
    moved[positive] = (found.above - spread.area) / len(found.above)
    moved[~positive] = (found.below - spread.area) / len(found.below)
    return Measured(spread.area, spread, _by_unit(moved, of))


def _share(of: Callable[[Evaluated], Flags], right: Callable[[Evaluated], Flags]) -> Measure:
    """Make what measures how many of some samples are right."""

    def measure(split: Evaluated, part: Flags, units: Ints) -> Measured | None:
        taken = part & of(split)
        hits, own = right(split)[taken], units[taken]
        spread = proportion_spread(hits, _known(split, own))
        if spread is None:
            return None
        return Measured(spread.share, spread, _by_unit((hits - spread.share) / len(hits), own))

    return measure


def _known(split: Evaluated, units: Ints) -> Ints | None:
    return None if split.patients is None else renumbered(units)


def renumbered(units: Ints) -> Ints:
    """Give units numbers from 0 on without gaps."""
    return np.asarray(np.unique(units, return_inverse=True)[1], dtype=np.int64)


def _by_unit(values: Floats, units: Ints) -> dict[int, float]:
    present, places = np.unique(units, return_inverse=True)
    return dict(zip(present.tolist(), np.bincount(places, weights=values).tolist(), strict=True))


Measure: TypeAlias = Callable[[Evaluated, Flags, Ints], Measured | None]
MEASURES: Mapping[Metric, Measure] = {
    "auroc": _auroc,
    "sensitivity": _share(lambda split: split.own(1), lambda split: split.said(1)),
    "specificity": _share(lambda split: ~split.own(1), lambda split: ~split.said(1)),
    "accuracy": _share(
        lambda split: np.ones(len(split.targets), dtype=np.bool_), lambda split: split.predicted == split.targets
    ),
}
