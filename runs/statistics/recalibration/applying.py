"""Recalibrate scores by a method that was fitted. Pure numpy."""

from __future__ import annotations

import numpy as np

from runs.statistics.predictions import scores_from_logits
from runs.statistics.recalibration import isotonic, platt, temperature
from runs.statistics.recalibration.methods import Method
from runs.statistics.roc import Floats

_FARTHEST = 1e300  # stands for infinity, which Platt's numbers could make no number of


def recalibrated_logits(logits: Floats, method: Method) -> Floats:
    """Return what Platt's method or a temperature makes of the network's outputs."""
    near = np.minimum(np.maximum(logits, -_FARTHEST), _FARTHEST)
    with np.errstate(over="ignore"):
        return platt.apply(near, method) if method.name == "platt" else temperature.apply(near, method)


def recalibrated_scores(logits: Floats, method: Method) -> Floats:
    """Return the recalibrated scores, in the shape of the network's outputs."""
    if method.name == "isotonic":
        return isotonic.apply(np.clip(logits, -_FARTHEST, _FARTHEST), method)
    return scores_from_logits(recalibrated_logits(logits, method))
