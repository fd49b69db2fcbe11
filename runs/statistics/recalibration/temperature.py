"""Fit the one number that the network's outputs are divided by, by maximum likelihood. Pure numpy.

Guo, Pleiss, Sun and Weinberger, ICML 2017. The loss is convex in 1 / temperature, so that its derivative has one zero;
where that is beyond the bounds, as in a split without a mistake, the temperature is the bound.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy.special import expit

from runs.statistics.recalibration.methods import Method
from runs.statistics.roc import Floats, Ints

BOUNDS = (0.05, 20.0)
_BINARY = "1 / (1 + exp(-logit / temperature))"
_SEVERAL = "softmax(logits / temperature)"
_CELLS = 1 << 20  # of outputs that are computed at once


def formula(*, binary: bool) -> str:
    """Return how the temperature is used."""
    return _BINARY if binary else _SEVERAL


def fit(logits: Floats, targets: Ints, split: str) -> Method:
    """Fit the temperature within its bounds; a warning where it ends at one."""
    from scipy.optimize import brentq  # noqa: PLC0415  # 25 MB, which those who apply it need not load

    lowest, highest = BOUNDS

    def rise(inverse: float) -> float:
        return _derivative(logits, targets, inverse)

    if rise(1 / lowest) <= 0:
        temperature, warning = lowest, f"as in the {split} split hardly a prediction is wrong."
    elif rise(1 / highest) >= 0:
        temperature, warning = highest, f"as the outputs say hardly anything of the classes of the {split} split."
    else:
        inverse = float(brentq(rise, 1 / highest, 1 / lowest, xtol=1e-14, rtol=4 * np.finfo(float).eps))
        temperature, warning = 1 / inverse, ""
    return Method(
        name="temperature",
        formula=formula(binary=logits.ndim == 1),
        parameters={"temperature": temperature},
        warning=f"The temperature is at its bound, {temperature:g}, {warning}" if warning else None,
    )


def apply(logits: Floats, method: Method) -> Floats:
    """Return the recalibrated logits."""
    return np.asarray(np.divide(logits, method.parameters["temperature"]), dtype=np.float64)


def _derivative(logits: Floats, targets: Ints, inverse: float) -> float:
    """Compute the derivative of the mean loss by 1 / temperature."""
    if logits.ndim == 1:
        return float((logits * (expit(inverse * logits) - targets)).mean())
    return sum(_row_sums(logits, targets, inverse)) / len(targets)


def _row_sums(logits: Floats, targets: Ints, inverse: float) -> Iterator[float]:
    """Yield the derivative of several classes, summed over some rows at a time: there may be very many cells."""
    rows = max(1, _CELLS // logits.shape[1])
    for start in range(0, len(logits), rows):
        part, true = logits[start : start + rows], targets[start : start + rows]
        below = part - part.max(axis=1, keepdims=True)
        weights = np.exp(inverse * below)
        expected = (weights * below).sum(axis=1) / weights.sum(axis=1)
        yield float((expected - below[np.arange(len(true)), true]).sum())
