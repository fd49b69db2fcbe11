"""Put together what is known of the samples of a split: from logits to scores to predicted labels. Pure numpy.

Quick to load: it brings no SciPy.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from runs.statistics.evaluated import Evaluated, Ranks
from runs.statistics.intervals.patients import repeated
from runs.statistics.roc import Floats, Ints
from runs.statistics.sigmoid import sigmoid


def scores_from_logits(logits: NDArray[Any]) -> Floats:
    """Apply sigmoid to (N,) logits, softmax to the rows of (N, C) logits, in float64, without overflow."""
    exact = np.asarray(logits, dtype=np.float64)
    if exact.ndim == 1:
        return sigmoid(exact)
    shifted = np.exp(exact - exact.max(axis=1, keepdims=True, initial=-np.inf))
    return np.asarray(shifted / shifted.sum(axis=1, keepdims=True), dtype=np.float64)


def predicted_classes(scores: Floats, threshold: float | None) -> Ints:
    """Predict labels: binary 1 where score >= threshold (default 0.5), multi-class the first highest score."""
    if scores.ndim == 1:
        return np.asarray(scores >= (0.5 if threshold is None else threshold), dtype=np.int64)
    return np.asarray(scores.argmax(axis=1), dtype=np.int64)


def evaluated(
    scores: Floats,
    targets: Ints,
    *,
    threshold: float | None = None,
    logits: Floats | None = None,
    patients: Ints | None = None,
    log_odds: float | None = None,
) -> Evaluated:
    """Put together what is known of the samples of a split.

    A sample of two classes is positive at a score of `threshold` or more, of `log_odds` or more where both are known.
    `patients` numbers the patient of each sample; None where they are not known: then the samples count as independent.
    Raises ValueError for no samples and for scores that are not finite, which have no meaningful statistics.
    """
    if not usable(scores):
        raise ValueError("Statistics need at least one sample and finite scores.")
    ranks = Ranks(scores, logits)
    odds = ranks.log_odds(1) if log_odds is not None else None
    if log_odds is None or odds is None:
        predicted = predicted_classes(scores, threshold)
    else:
        predicted = (odds >= log_odds).astype(np.int64)
    return Evaluated(scores, targets, predicted, repeated(patients), ranks)


def usable(scores: Floats) -> bool:
    """Return whether there are scores, and all are finite."""
    return bool(len(scores)) and bool(np.isfinite(scores).all())
