"""Find the ends of a 95 % interval among the numbers of resamples. Pure numpy.

Efron and Tibshirani, An Introduction to the Bootstrap (1993), chapters 13 and 14: percentiles, or, where each patient
was left out once, BCa, which corrects them for bias and for a spread that changes with the number.
"""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr, ndtri

from runs.statistics.matrix_statistics import Z95, Interval
from runs.statistics.roc import Floats

_SAME = 1e-12
_TAILS = np.array([-Z95, Z95])


def bootstrap_ends(found: float, drawn: Floats, left_out: Floats | None) -> Interval:
    """Return the ends for a number, those of resamples, and those without one patient.

    Resamples in which the number is not defined do not count; None where that is most of them, or the number itself is
    not defined. Both ends are equal where resamples do not differ.
    """
    known = drawn[~np.isnan(drawn)]
    if np.isnan(found) or 2 * len(known) < len(drawn):
        return None, None
    shares = ndtr(_TAILS) if left_out is None else _corrected(found, known, left_out[~np.isnan(left_out)])
    low, high = np.quantile(known, shares)
    return float(low), float(high)


def without_width(ends: Interval) -> bool:
    """Return whether the resamples were all alike, so that they say nothing of what other samples would have given."""
    low, high = ends
    return low is not None and high is not None and high - low < _SAME


def _corrected(found: float, drawn: Floats, left_out: Floats) -> Floats:
    """Return the shares of the resamples below the ends of the BCa interval."""
    below, equal = (drawn < found - _SAME).mean(), (np.abs(drawn - found) <= _SAME).mean()
    share = below + equal / 2
    deviations = left_out.mean() - left_out if len(left_out) else left_out
    squares = float((deviations**2).sum())
    if not 0 < share < 1 or squares <= _SAME**2:
        return np.asarray(ndtr(_TAILS), dtype=np.float64)
    bias, acceleration = ndtri(share), float((deviations**3).sum()) / (6 * squares**1.5)
    shifted = bias + _TAILS
    room = 1 - acceleration * shifted
    if (room <= 0).any():
        return np.asarray(ndtr(_TAILS), dtype=np.float64)
    return np.asarray(ndtr(bias + shifted / room), dtype=np.float64)
