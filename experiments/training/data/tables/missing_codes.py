"""Numbers that people write for a missing value, such as -999, told by how far they lie from all other values."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

CODES = (-1, -8, -9, -88, -99, -888, -999, -8888, -9999, -99999, 99, 888, 999, 8888, 9999, 99999, 999999)
FEWEST = 3  # cells with the number: one alone is a slip or a record
AMONG = 10  # other cells, below which nothing is said


def likely(values: NDArray[np.float64]) -> float | None:
    """Return the number that probably stands for missing values; None where none does.

    It is one of the usual codes, comes at least `FEWEST` times, and lies alone at one end: a negative one below values
    of which none is negative, any other farther from the next value than all others are from one another.
    """
    ends = (np.fmin.reduce(values), np.fmax.reduce(values)) if len(values) else ()  # NaN is passed over
    candidates = [code for code in ends if code in CODES]
    for code in candidates:
        known = values[~np.isnan(values)]
        rest = known[known != code]
        count = len(known) - len(rest)
        if code in CODES and count >= FEWEST and len(rest) >= AMONG and _is_apart(code, rest):
            return float(code)
    return None


def _is_apart(code: float, rest: NDArray[np.float64]) -> bool:
    low, high = rest.min(), rest.max()
    if low == high:
        return False
    if code < 0 <= low:
        return bool(high > 1)  # -1 beside 0 and 1 is an answer
    return bool(max(low - code, code - high) > high - low)
