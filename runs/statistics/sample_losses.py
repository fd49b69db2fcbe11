"""Measure how wrong the scores of each sample are: squared error and logarithmic loss. Pure numpy."""

from __future__ import annotations

import numpy as np

from runs.statistics.roc import Floats, Ints

NEAREST = float(np.finfo(np.float64).eps)


def squared_errors(scores: Floats, targets: Ints) -> Floats:
    """Compute (N,) squared errors: of the positive class's score, or summed over the classes' scores."""
    if scores.ndim == 1:
        return np.asarray((scores - targets) ** 2, dtype=np.float64)
    errors = scores.copy()
    errors[np.arange(len(targets)), targets] -= 1
    return np.asarray((errors**2).sum(axis=1), dtype=np.float64)


def log_losses(scores: Floats, targets: Ints) -> Floats:
    """Compute (N,) times -log(score of the true class), scores cut 2.2e-16 from 0 and 1 as scikit-learn does."""
    rows = np.arange(len(targets))
    true = np.where(targets == 1, scores, 1 - scores) if scores.ndim == 1 else scores[rows, targets]
    return np.asarray(-np.log(np.clip(true, NEAREST, 1 - NEAREST)), dtype=np.float64)
