"""Fit how the odds of being positive follow the scores: logit(P(y = 1)) = intercept + slope x logit(score). Pure numpy.

Cox, Biometrika 45 (1958) 562-565: a slope below 1 says that scores are too extreme, above 1 too timid; both numbers are
0 and 1 of a calibrated network. Errors are those of the sandwich, summed by patient: H^-1 (sum g g') H^-1 x K / (K - 1)
with the gradients g of K patients, and intervals with Student's t of K - 1 degrees of freedom.
"""

from __future__ import annotations

import math

import numpy as np
from scipy.special import expit, stdtrit

from runs.statistics.evaluated import Evaluated
from runs.statistics.intervals.resampling import of_several, units_of
from runs.statistics.matrix_statistics import Interval, Number, Summary
from runs.statistics.roc import Flags, Floats, Ints

_STEPS = 100
_UNKNOWN: Interval = (None, None)


def calibration_line(split: Evaluated) -> Summary:
    """Compute slope, intercept, and mean score - prevalence, of the positive class.

    Slope and intercept are None where there is no such line: with one class, with equal scores, and where a threshold
    separates the classes.
    """
    odds, positive, units = split.log_odds(), split.own(1), units_of(split)
    shift = split.scores - positive
    numbers: dict[str, Number] = {"calibration_in_the_large": float(shift.mean())}
    intervals = {"calibration_in_the_large": _mean_interval(shift, units)}
    names = ("calibration_intercept", "calibration_slope")
    if not overlap(odds, positive):
        return Summary(numbers | dict.fromkeys(names), intervals | dict.fromkeys(names, _UNKNOWN))
    apart, back = _standardised(odds)
    standardised = _fitted(apart, positive)
    line, errors = back @ standardised, _errors(apart, back, positive, units, standardised)
    told = {name: _around(value, error, units) for name, value, error in zip(names, line, errors, strict=True)}
    known = of_several(units[positive]) and of_several(units[~positive])  # of one, errors say nothing
    found = told if known else dict.fromkeys(names, _UNKNOWN)
    return Summary(numbers | dict(zip(names, map(float, line), strict=True)), intervals | found)


def overlap(odds: Floats, positive: Flags) -> bool:
    """Return whether no threshold separates the classes, not even with samples of both on it."""
    above, below = odds[positive], odds[~positive]
    return bool(len(above) and len(below) and above.min() < below.max() and above.max() > below.min())


def fitted_line(odds: Floats, positive: Flags) -> Floats:
    """Return the (intercept, slope) of the highest likelihood, of classes that overlap."""
    apart, back = _standardised(odds)
    return back @ _fitted(apart, positive)


def _standardised(odds: Floats) -> tuple[Floats, Floats]:
    """Return the standardised odds, and what makes an (intercept, slope) for the odds of one for them."""
    centre, scale = odds.mean(), odds.std()
    return (odds - centre) / scale, np.array([[1.0, -centre / scale], [0.0, 1 / scale]])


def _fitted(apart: Floats, positive: Flags) -> Floats:
    """Return (intercept, slope) by Newton's method, halving a step that leads downhill."""
    signs = np.where(positive, -1.0, 1.0)

    def loss(line: Floats) -> float:
        return float(np.logaddexp(0, signs * _on(line, apart)).sum())

    line, reached = np.zeros(2), loss(np.zeros(2))
    for _ in range(_STEPS):
        chances = expit(_on(line, apart))
        left = positive - chances
        gradient = np.array([left.sum(), (left * apart).sum()])
        step = np.linalg.solve(_curvature(apart, chances), gradient)
        while (tried := loss(line + step)) > reached + 1e-9 * abs(reached):
            step /= 2
        line, reached = line + step, tried
        if np.abs(step).max() < 1e-13 * (1 + np.abs(line).max()):
            break
    return line


def _on(line: Floats, apart: Floats) -> Floats:
    return np.asarray(line[0] + line[1] * apart, dtype=np.float64)


def _curvature(apart: Floats, chances: Floats) -> Floats:
    weights = chances * (1 - chances)
    shifted = weights * apart
    mixed = shifted.sum()
    return np.array([[weights.sum(), mixed], [mixed, (shifted * apart).sum()]])


def _errors(apart: Floats, back: Floats, positive: Flags, units: Ints, line: Floats) -> Floats:
    """Return the standard errors of (intercept, slope), computed on standardised odds: others may be nearly equal."""
    chances = expit(_on(line, apart))
    residuals = positive - chances
    gradients = np.stack([np.bincount(units, weights=each) for each in (residuals, residuals * apart)])
    influence = back @ np.linalg.inv(_curvature(apart, chances)) @ gradients
    people = gradients.shape[1]
    return np.asarray(np.sqrt((influence**2).sum(axis=1) * people / max(1, people - 1)), dtype=np.float64)


def _mean_interval(values: Floats, units: Ints) -> Interval:
    """Return the interval of the mean of samples, by patient; None where nothing differs."""
    sums = np.bincount(units, weights=values - values.mean())
    squares = float((sums**2).sum()) * len(sums) / max(1, len(sums) - 1)
    return _around(float(values.mean()), math.sqrt(squares) / len(values), units) if squares > 1e-24 else _UNKNOWN


def _around(value: float, error: float, units: Ints) -> Interval:
    """Return value -+ t x error; None with one patient."""
    people = int(units.max()) + 1
    if people < 2:
        return _UNKNOWN
    half = float(stdtrit(people - 1, 0.975) * error)
    return float(value) - half, float(value) + half
