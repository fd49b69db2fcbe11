"""Describe how a number differs from fold to fold: its mean, its spread, and an interval of the mean. Pure Python.

Cross-validation's intervals are approximations, and there is no unbiased one: Bengio and Grandvalet, J. Mach. Learn.
Res. 5 (2004) 1089-1105. The folds share most of their training samples, so their numbers are not independent, and the
plain t-interval is too narrow. The corrected one widens it as Nadeau and Bengio, Mach. Learn. 52 (2003) 239-281, found
for random resampling: it is the usual remedy for folds too, but no proof of 95 %.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from runs.statistics.matrix_statistics import FINAL_METRICS, Interval, Number
from runs.statistics.metric_names import TEST_METRICS, is_count, is_end

# The 97.5 % quantiles of Student's t with 1, 2, ... degrees of freedom.
T975 = (
    12.7062047361747,
    4.3026527297495,
    3.1824463052837,
    2.7764451051978,
    2.5705818356363,
    2.4469118511450,
    2.3646242515928,
    2.3060041352042,
    2.2621571627982,
    2.2281388519862,
    2.2009851600917,
    2.1788128296672,
    2.1603686564628,
    2.1447866879178,
    2.1314495455598,
    2.1199052992213,
    2.1098155778333,
    2.1009220402410,
    2.0930240544083,
)
MOST_VALUES = len(T975) + 1
_SAME = 1e-12  # values that are equal but for rounding
_ANYWHERE = (-math.inf, math.inf)
_WIDER = {
    "final_mcc": (-1.0, 1.0),
    "final_brier": (0.0, 2.0),
    "final_brier_miscalibration": (0.0, 2.0),
    "final_log_loss": (0.0, math.inf),
    "final_calibration_slope": _ANYWHERE,
    "final_calibration_intercept": _ANYWHERE,
    "final_calibration_in_the_large": (-1.0, 1.0),
}


class Spread(NamedTuple):
    """Mean, spread and intervals of the `n` known values; `sd` is the sample's standard deviation (n - 1).

    `ci_low` and `ci_high` are the 95 % t-interval of the mean, mean -+ t(n - 1) x sd x sqrt(1 / n); the corrected ones
    have sqrt(1 / n + validation samples / training samples) instead. Both are cut at the bounds of the number, and None
    where folds share what they are evaluated on: its samples are not drawn again for each fold, so that the spread says
    nothing of how the number would be on others. One value has no spread, and equal values have no interval: that no
    fold differed, as where all is right in each, is no certainty.
    """

    n: int
    mean: Number
    sd: Number
    min: Number
    max: Number
    ci_low: Number
    ci_high: Number
    corrected_ci_low: Number
    corrected_ci_high: Number


class Described(NamedTuple):
    """Mean and spread of the `n` known values, however many; `sd` is the sample's standard deviation (n - 1)."""

    n: int
    mean: Number
    sd: Number
    min: Number
    max: Number


def described(values: Iterable[Number]) -> Described:
    """Describe values that are not folds, without an interval. Sums are exact; one value has no spread."""
    known = [value for value in values if value is not None]
    if not known:
        return Described(0, None, None, None, None)
    mean = statistics.fmean(known)
    if len(known) == 1:
        return Described(1, mean, None, mean, mean)
    squares = math.fsum((value - mean) ** 2 for value in known)
    return Described(len(known), mean, math.sqrt(squares / (len(known) - 1)), min(known), max(known))


def spread(
    values: Iterable[Number], *, overlap: float | None = None, bounds: tuple[float, float] = _ANYWHERE
) -> Spread:
    """Describe at most `MOST_VALUES` values of folds.

    `overlap` is validation / training samples, 1 / (folds - 1); None for the test split, which has no intervals.
    """
    known = [value for value in values if value is not None]
    if not known:
        return Spread(0, *[None] * 8)
    mean = statistics.fmean(known)
    if len(known) == 1:
        return Spread(1, mean, None, mean, mean, *[None] * 4)
    sd = statistics.stdev(known)
    ends: tuple[Number, ...] = (None,) * 4
    if overlap is not None and sd > _SAME:
        intervals = (_interval(mean, sd, len(known), share, bounds) for share in (0.0, overlap))
        ends = tuple(end for interval in intervals for end in interval)
    return Spread(len(known), mean, sd, min(known), max(known), *ends)


def spreads(rows: Sequence[Mapping[str, Number]], *, overlap: float | None = None) -> dict[str, Spread]:
    """Describe every final statistic that some fold has, except ends of intervals, and counts, which are summed."""
    names = dict.fromkeys(name for row in rows for name in row if not is_end(name) and not is_count(name))
    return {name: spread([row.get(name) for row in rows], overlap=overlap, bounds=_bounds(name)) for name in names}


def _interval(mean: float, sd: float, n: int, overlap: float, bounds: tuple[float, float]) -> Interval:
    half = T975[n - 2] * sd * math.sqrt(1 / n + overlap)
    return max(bounds[0], mean - half), min(bounds[1], mean + half)


def _bounds(name: str) -> tuple[float, float]:
    """Return the range of possible values; unbounded for a name that is not one of ours."""
    metric = name.partition("/")[0]
    if metric in FINAL_METRICS:
        return _WIDER.get(metric, (0.0, 1.0))
    if metric in TEST_METRICS:
        return 0.0, math.inf if metric == "test_loss" else 1.0
    return _ANYWHERE
