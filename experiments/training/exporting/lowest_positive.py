"""Find the one number at which a run of two classes decides on its network's outputs. Pure NumPy."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from experiments.training.model_source import ModelSource
from experiments.training.prediction.scores import decided

_SIGN = np.uint32(1 << 31)


def lowest_positive_logit(source: ModelSource) -> float:
    """Return the lowest logit of single precision that the run calls positive; infinity where it calls none.

    Networks compute in single precision, and a decision never changes back as the logit rises. So comparing with this
    number decides as the run does on every output that there can be: at a threshold of scores, at one of log-odds, and
    beside either.
    """
    low, high = _key(-np.inf), _key(np.inf)
    if not _positive(high, source):
        return float("inf")
    while low < high:
        middle = (low + high) // 2
        if _positive(middle, source):
            high = middle
        else:
            low = middle + 1
    return float(_value(low))


def _positive(key: int, source: ModelSource) -> bool:
    return bool(decided(np.array([_value(key)], dtype=np.float64), source)[0])


def _key(value: float) -> int:
    """Return a whole number for a number of single precision, in the same order."""
    bits = np.float32(value).view(np.uint32)
    return int(~bits if bits & _SIGN else bits | _SIGN)


def _value(key: int) -> np.float32:
    bits = np.uint32(key)
    found: NDArray[np.float32] = np.array([bits ^ _SIGN if bits & _SIGN else ~bits], np.uint32).view(np.float32)
    return np.float32(found[0])
