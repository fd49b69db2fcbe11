"""Recalibrate one score by Platt's method, in plain Python: for processes that load no NumPy. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from runs.statistics.recalibration.methods import Name

PREFERRED: Name = "platt"
"""The method that is used where one is needed: two numbers, whose fit validation can hardly spoil; ranks stay."""


def preferred_method(recalibration: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """Return what became of the preferred method, also where its fit failed; None where it was not tried."""
    return next((method for method in (recalibration or {}).get("methods", []) if method["name"] == PREFERRED), None)


def preferred(recalibration: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """Return the parameters of the preferred method; None where it was not fitted."""
    found = preferred_method(recalibration)
    return found["parameters"] if found and not found["problem"] else None


def recalibrated_score(score: float, parameters: Mapping[str, Any], log_odds: float | None = None) -> float:
    """Return the probability that a score between 0 and 1 stands for; by its log-odds where those are given."""
    if log_odds is None:
        if not 0 < score < 1:
            return float(score > 0)
        log_odds = math.log(score) - math.log1p(-score)
    return _sigmoid(parameters["intercept"] + parameters["slope"] * log_odds)


def _sigmoid(logit: float) -> float:
    small = math.exp(-abs(logit))
    return (1 if logit >= 0 else small) / (1 + small)
