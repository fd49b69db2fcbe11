"""Where a model decides, and what its probabilities are, in the words and numbers of an answer."""

from __future__ import annotations

from typing import Any

from experiments.training.model_source import ModelSource
from runs.models import Run
from runs.statistics.operating_points.rules import HAND
from runs.statistics.recalibration.probability import PREFERRED, preferred_method, recalibrated_score

OWN = "the run's own threshold"
NO_PLATT = (
    "Platt's method is for two classes, and this run has {classes}: scores stay as they are, and no probabilities are "
    "given."
)
NOT_FITTED = "Nothing was fitted to this run's validation scores, so no probabilities are given; scores are raw."


def decision_of(source: ModelSource) -> dict[str, Any] | None:
    """Describe the threshold that holds; None of more than two classes, where the highest score decides.

    `chosen_on` is `val` or `hand` of a saved operating point, and `options` of the run's own threshold.
    """
    if source.threshold is None:
        return None
    saved, parameters = source.saved_point, source.recalibration
    threshold = source.threshold
    log_odds = None if saved is None else saved.get("log_odds")
    return {
        "holds": "own" if saved is None else "saved",
        "threshold": threshold,
        "log_odds": log_odds,
        "probability": None if parameters is None else recalibrated_score(threshold, parameters, log_odds),
        "label": OWN if saved is None else saved["label"],
        "chosen_on": "options" if saved is None else HAND if saved["rule"] == HAND else "val",
        "by": None if saved is None else saved["by"],
        "at": None if saved is None else saved["at"],
        "reason": None if saved is None else saved["reason"],
    }


def recalibration_of(run: Run, source: ModelSource) -> dict[str, Any]:
    """Describe how probabilities come from scores: `method` is None where none do, and `reason` says why."""
    if source.recalibration is not None:
        slope, intercept = source.recalibration["slope"], source.recalibration["intercept"]
        return {"method": PREFERRED, "slope": slope, "intercept": intercept, "reason": None}
    return {"method": None, "slope": None, "intercept": None, "reason": _why_none(run, source)}


def _why_none(run: Run, source: ModelSource) -> str:
    if len(source.classes) > 2:
        return NO_PLATT.format(classes=len(source.classes))
    method = preferred_method(run.recalibration)
    problem = method and method["problem"]
    return problem or NOT_FITTED
