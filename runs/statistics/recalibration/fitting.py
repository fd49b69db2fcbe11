"""Recalibrate scores: fit each method on one split, and say how good the scores of each split are before and after.

Pure numpy. Platt's method and isotonic regression are for two classes; temperature is for any number of them. Over the
split that they were fitted on the recalibrated scores look better than they are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from runs.events import Split
from runs.statistics.calibration.calibration_error import binned, reliability
from runs.statistics.calibration.calibration_line import calibration_line
from runs.statistics.evaluated import Evaluated
from runs.statistics.predictions import evaluated, scores_from_logits
from runs.statistics.recalibration import isotonic, platt, temperature
from runs.statistics.recalibration.applying import recalibrated_logits, recalibrated_scores
from runs.statistics.recalibration.methods import Method, Name, Quality, Recalibration
from runs.statistics.recalibration.requirements import obstacle
from runs.statistics.roc import Floats, Ints, auroc
from runs.statistics.score_statistics import brier, calibration_errors, log_loss

FITTED_ON: Split = "val"
_WORDS = {"val": "validation", "test": "test"}


class Outputs(NamedTuple):
    """The network's outputs over one split, in the shapes of `score_statistics`."""

    logits: Floats
    targets: Ints
    patients: Ints | None = None


def recalibrated(splits: Mapping[Split, Outputs], class_names: Sequence[str]) -> Recalibration:
    """Fit all methods on the validation split, and evaluate them over each split."""
    own = splits[FITTED_ON]
    methods = fitted(own.logits, own.targets, list(class_names))
    return Recalibration(
        fitted_on=FITTED_ON,
        samples=len(own.targets),
        class_names=list(class_names),
        methods=methods,
        splits={split: _qualities(outputs, methods) for split, outputs in splits.items()},
    )


def fitted(logits: Floats, targets: Ints, class_names: list[str], split: Split = FITTED_ON) -> list[Method]:
    """Fit each method, or say why that is impossible."""
    words, binary = _WORDS[split], logits.ndim == 1
    if problem := obstacle(logits, targets, class_names, words):
        return _not_fitted(problem, binary=binary)
    scaled = temperature.fit(logits, targets, words)
    if not binary:
        return [scaled]
    positive = targets == 1
    return [platt.fit(logits, positive, words), isotonic.fit(logits, positive, words), scaled]


def _not_fitted(problem: str, *, binary: bool) -> list[Method]:
    """Return each method that there is for so many classes, with the reason."""
    formulas: dict[Name, str] = {"platt": platt.FORMULA, "isotonic": isotonic.FORMULA} if binary else {}
    formulas["temperature"] = temperature.formula(binary=binary)
    return [Method(name=name, formula=formula, problem=problem) for name, formula in formulas.items()]


def _qualities(outputs: Outputs, methods: Sequence[Method]) -> dict[str, Quality]:
    """Compute the quality of the scores as they are, and after each method that was fitted."""
    usable = [method for method in methods if method.problem is None]
    return {"none": quality(_evaluated(outputs, outputs.logits))} | {
        method.name: quality(_changed(outputs, method)) for method in usable
    }


def _changed(outputs: Outputs, method: Method) -> Evaluated:
    """Return the samples with recalibrated scores."""
    if method.name == "isotonic":
        return evaluated(recalibrated_scores(outputs.logits, method), outputs.targets, patients=outputs.patients)
    return _evaluated(outputs, recalibrated_logits(outputs.logits, method))


def _evaluated(outputs: Outputs, logits: Floats) -> Evaluated:
    return evaluated(scores_from_logits(logits), outputs.targets, logits=logits, patients=outputs.patients)


def quality(split: Evaluated) -> Quality:
    """Compute how well the scores of a split are calibrated."""
    found, binary = binned(split), split.scores.ndim == 1
    line = calibration_line(split).numbers if binary else {}
    errors = calibration_errors(split, found)
    return Quality(
        mean_score=float(found.scores.mean()),
        share=float(found.outcomes.mean()),
        brier=brier(split.scores, split.targets),
        log_loss=log_loss(split.scores, split.targets),
        ece=errors["ece"],
        ece_if_calibrated=errors["ece_if_calibrated"],
        ece_if_calibrated_p95=errors["ece_if_calibrated_p95"],
        calibration_slope=line.get("calibration_slope"),
        calibration_intercept=line.get("calibration_intercept"),
        auroc=auroc(split.ranks_of(1), split.own(1)) if binary else None,
        reliability=reliability(split, found),
    )
