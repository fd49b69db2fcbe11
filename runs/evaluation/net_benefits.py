"""Draw the decision curve of a run of two classes: from probabilities alone, not from scores that are none.

Brings NumPy, but not SciPy, whose loading the first reader would wait for: a web process loads it with the first
evaluation that is looked at.
"""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np

from runs.evaluation.class_scores import ClassScores
from runs.models import Run
from runs.statistics.log_odds import LogOdds
from runs.statistics.net_benefit import DecisionCurve, decision_curve
from runs.statistics.recalibration.methods import Method
from runs.statistics.recalibration.probability import PREFERRED
from runs.statistics.roc import Floats
from runs.statistics.sample_losses import NEAREST
from runs.statistics.sigmoid import sigmoid

SHIFTED = "shifted_scores"  # the code of the note that says so
FITTED_ON = "val"


class Probabilities(msgspec.Struct, frozen=True):
    """How the scores of a run become probabilities: by `method`, None as they are; `problem` says why they cannot."""

    method: Method | None
    problem: str | None


def probabilities_of(run: Run) -> Probabilities:
    """Choose how scores become probabilities: by Platt's method; without it as they are, unless a note says no."""
    methods = msgspec.convert((run.recalibration or {}).get("methods", []), list[Method])
    found = next((method for method in methods if method.name == PREFERRED), None)
    if found is not None and found.problem is None:
        return Probabilities(found, None)
    if any(note["code"] == SHIFTED for note in run.notes):
        why = f" {found.problem}" if found else ""
        return Probabilities(None, f"No decision curve: the scores are shifted, and were not recalibrated.{why}")
    return Probabilities(None, None)


def curve_of(scores: ClassScores, used: Probabilities) -> DecisionCurve:
    """Compute the curve of the positive class."""
    return decision_curve(_probabilities(scores, used.method), scores.positive)


def told(curve: DecisionCurve | None, used: Probabilities, split: str) -> dict[str, Any]:
    """Describe the curve, or why there is none."""
    return {
        "scores": used.method.name if used.method else "none",
        "text": _words(used, split),
        "problem": used.problem,
        "thresholds": None if curve is None else curve.thresholds.tolist(),
        "model": None if curve is None else curve.model.tolist(),
        "treat_all": None if curve is None else curve.treat_all.tolist(),
    }


def _words(used: Probabilities, split: str) -> str:
    if used.method is None:
        return "" if used.problem else "From the scores as they are: they were not recalibrated."
    fitted = "From scores recalibrated by Platt's method, fitted on "
    if split != FITTED_ON:
        return f"{fitted}validation."
    return f"{fitted}this very split: on new samples the curve is likely to be lower."


def _probabilities(scores: ClassScores, method: Method | None) -> Floats:
    if method is None:
        return scores.scores
    intercept, slope = method.parameters["intercept"], method.parameters["slope"]
    return sigmoid(intercept + np.multiply(slope, _logits(scores)))


def _logits(scores: ClassScores) -> Floats:
    """Return the network's outputs; of a run that kept none, what its scores say of them."""
    if not np.array_equal(scores.ranks, scores.scores):
        return scores.ranks
    near = np.clip(scores.scores, NEAREST, 1 - NEAREST)
    return LogOdds(np.log(near / (1 - near))).of(1)
