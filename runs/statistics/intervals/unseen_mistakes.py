"""Compute intervals of numbers that all resamples share: from the mistakes that other samples would have shown.

Of 20 patients all found, the true sensitivity may be 84 %: that is what Wilson's interval says, and what the numbers
made of sensitivity and specificity follow. Each is taken at the ends of both intervals, and the least and greatest of
the four values are the ends: if both intervals hold, so does this one. Pure Python.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Sequence

from runs.statistics.matrix_statistics import Interval

Corner = Callable[[float, float, float, float], float | None]
"""A number of TP, TN, FP and FN, which need not be whole."""


def f1_of(tp: float, _tn: float, fp: float, fn: float) -> float | None:
    """Compute F1."""
    return 2 * tp / (2 * tp + fp + fn) if tp + fp + fn else None


def mcc_of(tp: float, tn: float, fp: float, fn: float) -> float | None:
    """Compute the Matthews correlation."""
    product = (tp + fp) * (tp + fn) * (tn + fp) * (tn + fn)
    return (tp * tn - fp * fn) / math.sqrt(product) if product else None


def balanced_accuracy_of(tp: float, tn: float, fp: float, fn: float) -> float | None:
    """Compute the mean of sensitivity and specificity."""
    return (tp / (tp + fn) + tn / (tn + fp)) / 2


def average_precision_of(tp: float, tn: float, fp: float, fn: float) -> float | None:
    """Compute what a threshold with these counts leaves at least: up to it its precision, beyond it the prevalence."""
    recall, prevalence = tp / (tp + fn), (tp + fn) / (tp + tn + fp + fn)
    return recall * tp / (tp + fp) + (1 - recall) * prevalence if tp else prevalence


def corner_interval(number: Corner, sensitivity: Interval, specificity: Interval, sizes: tuple[int, int]) -> Interval:
    """Compute the interval of a number of `sizes` = (positives, negatives); None where there are none of one."""
    if None in sensitivity or None in specificity or not all(sizes):
        return None, None
    ill, well = sizes
    found = [
        number(ill * found, well * cleared, well * (1 - cleared), ill * (1 - found))
        for found, cleared in itertools.product(sensitivity, specificity)
        if found is not None and cleared is not None
    ]
    known = [value for value in found if value is not None]
    return (min(known), max(known)) if known else (None, None)


def mean_interval(intervals: Iterable[Interval]) -> Interval:
    """Average the ends of the classes that have an interval."""
    known = [(low, high) for low, high in intervals if low is not None and high is not None]
    if not known:
        return None, None
    return sum(low for low, _ in known) / len(known), sum(high for _, high in known) / len(known)


def mcc_interval(true: Sequence[int], recalls: Sequence[Interval]) -> Interval:
    """Compute the interval where all is right: down to each class found as rarely as may be, the rest spread evenly.

    `true` are the numbers of samples of the classes.
    """
    size, lows = sum(true), [1.0 if low is None else low for low, _ in recalls]
    if size in true:
        return None, None
    strays = [count * (1 - low) / (size - count) for count, low in zip(true, lows, strict=True)]
    said = [count * (low + sum(strays) - stray) for count, low, stray in zip(true, lows, strays, strict=True)]
    hits = sum(count * low for count, low in zip(true, lows, strict=True))
    covariance = hits * size - sum(t * p for t, p in zip(true, said, strict=True))
    variances = (size**2 - sum(p * p for p in said)) * (size**2 - sum(t * t for t in true))
    return covariance / math.sqrt(variances), 1.0
