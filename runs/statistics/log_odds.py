"""Rank samples by logits: scores near 1 are equal in double precision where logits still differ. Pure numpy."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from runs.statistics.roc import Floats

_FARTHEST = 1e300  # stands for infinity, of which differences are no numbers


class LogOdds:
    """log(p / (1 - p)) of the classes' scores p, computed from the logits without rounding p.

    It ranks as p would with unlimited digits: the sigmoid of every logit above 37 is 1 in double precision. `logits`
    are (N,) of the positive class (label 1), whose log-odds they are, or (N, C); the log-odds of class k are then
    z_k - log(sum of exp(z_j) over the other classes j).
    """

    def __init__(self, logits: NDArray[Any]) -> None:
        self._logits = np.asarray(logits, dtype=np.float64)
        if self._logits.ndim == 2:
            self._prepare(self._logits)

    def of(self, label: int) -> Floats:
        """Return the log-odds of one class, (N,), all finite; a binary run has those of label 1 alone."""
        odds = self._logits if self._logits.ndim == 1 else self._against_others(label)
        return np.clip(odds, -_FARTHEST, _FARTHEST)

    def _prepare(self, logits: Floats) -> None:
        """Sum up each sample's other classes, once with its highest one and once without: that one would cancel."""
        rows = np.arange(len(logits))
        self._first = logits.argmax(axis=1)
        self._highest = logits[rows, self._first]
        terms = np.exp(logits - self._highest[:, None])
        self._sum = terms.sum(axis=1)
        others = logits.copy()
        others[rows, self._first] = -np.inf
        second = np.maximum(others.max(axis=1), -_FARTHEST)
        np.exp(np.subtract(others, second[:, None], out=others), out=others)
        self._others = second + np.log(np.maximum(others.sum(axis=1), np.finfo(np.float64).tiny))

    def _against_others(self, label: int) -> Floats:
        own = self._logits[:, label]
        rest = self._highest + np.log(np.maximum(self._sum - np.exp(own - self._highest), 1.0))
        return np.asarray(own - np.where(self._first == label, self._others, rest), dtype=np.float64)
