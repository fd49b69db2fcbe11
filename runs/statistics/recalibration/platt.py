"""Fit logit(P(y = 1)) = intercept + slope x logit by maximum likelihood. Pure numpy.

Platt, Advances in Large Margin Classifiers (2000) 61-74, without his shift of the labels: it is the logistic regression
of the labels on the output of the network, with no penalty.
"""

from __future__ import annotations

import numpy as np
from scipy.special import expit

from runs.statistics.calibration.calibration_line import fitted_line, overlap
from runs.statistics.recalibration.methods import Method
from runs.statistics.roc import Flags, Floats

FORMULA = "1 / (1 + exp(-(intercept + slope * logit)))"
_NEAR = 1e-6  # of a sample, summed over all: how far from their maximum the fit may end


def fit(logits: Floats, positive: Flags, split: str) -> Method:
    """Fit the two numbers; a problem where no line has the highest likelihood, or it falls."""
    if not overlap(logits, positive):
        return _not_fitted(f"A threshold separates the classes of the {split} split: the slope has no bound.")
    with np.errstate(all="ignore"):
        try:
            intercept, slope = (float(number) for number in fitted_line(logits, positive))
        except np.linalg.LinAlgError:
            return _not_fitted(_NO_END)
        found = np.isfinite([intercept, slope]).all() and _at_the_maximum(logits, positive, intercept, slope)
    if not found:
        return _not_fitted(_NO_END)
    if slope <= 0:
        return _not_fitted(f"In the {split} split higher scores are no more likely to be positive.")
    return Method(name="platt", formula=FORMULA, parameters={"intercept": intercept, "slope": slope})


_NO_END = "The fit found no end: the network's outputs differ by too many orders of magnitude."


def apply(logits: Floats, method: Method) -> Floats:
    """Return the recalibrated logits."""
    intercept, slope = method.parameters["intercept"], method.parameters["slope"]
    return np.asarray(intercept + np.multiply(slope, logits), dtype=np.float64)


def _at_the_maximum(logits: Floats, positive: Flags, intercept: float, slope: float) -> bool:
    """Return whether both derivatives of the likelihood are zero, in units of samples and of how most logits differ."""
    left = positive - expit(intercept + slope * logits)
    apart = logits - np.median(logits)
    scale = np.median(np.abs(apart[apart != 0]))
    return bool(abs(left.sum()) < _NEAR * len(left) and abs((left * apart / scale).sum()) < _NEAR * len(left))


def _not_fitted(problem: str) -> Method:
    return Method(name="platt", formula=FORMULA, problem=problem)
