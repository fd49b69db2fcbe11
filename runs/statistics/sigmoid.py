"""Turn logits into scores without overflow. Pure numpy, and quick to load."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from runs.statistics.roc import Floats


def sigmoid(logits: NDArray[Any]) -> Floats:
    """Apply 1 / (1 + exp(-logit)) in float64."""
    exact = np.asarray(logits, dtype=np.float64)
    small = np.exp(-np.abs(exact))
    return np.asarray(np.where(exact >= 0, 1.0, small) / (1.0 + small), dtype=np.float64)
