"""Fit scores that rise with the network's output as the labels do, by isotonic regression. Pure numpy.

Zadrozny and Elkan, KDD 2002. It makes steps, which are joined by straight lines as in scikit-learn, and knows scores of
0 and 1; of n samples these are cut 1 / (n + 2) from there, for no finite sample shows that something is impossible.
The steps are cut before they are joined: no other step is as near to 0 or 1, so that no samples become equal by it, and
the AUROC is that of the steps as they were.
"""

from __future__ import annotations

import numpy as np

from runs.statistics.calibration.calibration_line import overlap
from runs.statistics.recalibration.methods import Method
from runs.statistics.roc import Flags, Floats

FORMULA = "numpy.clip(numpy.interp(logit, logits, scores), lowest, highest)"


def fit(logits: Floats, positive: Flags, split: str) -> Method:
    """Fit the knots: outputs of the network, ascending, and the score at each."""
    from scipy.optimize import isotonic_regression  # noqa: PLC0415  # 25 MB, which those who apply it need not load

    places, where, counts = np.unique(logits, return_inverse=True, return_counts=True)
    shares = np.bincount(where, weights=positive) / counts
    found = isotonic_regression(shares, weights=counts)
    knots = np.unique([found.blocks[:-1], found.blocks[1:] - 1])
    nearest = 1 / (len(logits) + 2)
    separated = f"A threshold separates the classes of the {split} split: all scores are cut from 0 and 1."
    return Method(
        name="isotonic",
        formula=FORMULA,
        parameters={
            "logits": places[knots].tolist(),
            "scores": np.clip(found.x[knots], nearest, 1 - nearest).tolist(),
            "lowest": nearest,
            "highest": 1 - nearest,
        },
        warning=None if overlap(logits, positive) else separated,
    )


def apply(logits: Floats, method: Method) -> Floats:
    """Return the recalibrated scores."""
    knots = method.parameters
    scores = np.interp(logits, knots["logits"], knots["scores"])
    return np.asarray(np.clip(scores, knots["lowest"], knots["highest"]), dtype=np.float64)
