"""What recalibration makes of the scores of a run: how each method changes them, and how good they are then. Pure."""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

from runs.events import ReliabilityPoint, Split

Name: TypeAlias = Literal["platt", "isotonic", "temperature"]
TITLES: dict[str, str] = {
    "none": "As they are",
    "platt": "Platt's method",
    "isotonic": "Isotonic regression",
    "temperature": "Temperature",
}


class Method(msgspec.Struct, frozen=True, kw_only=True):
    """One method: by the `formula`, the numbers of `parameters` make a recalibrated score of the network's output.

    `problem` says why it was not fitted, then there are no parameters; `warning` what its numbers cannot be trusted
    in.
    """

    name: Name
    formula: str
    parameters: dict[str, float | list[float]] = {}
    problem: str | None = None
    warning: str | None = None


class Quality(msgspec.Struct, frozen=True, kw_only=True):
    """How well scores are calibrated over one split.

    Of two classes they are those of the positive one, `share` is its prevalence; of more, those of the predicted class,
    and `share` is how often that is right. Slope, intercept and AUROC are of two classes. The names are those of
    the final statistics.
    """

    mean_score: float
    share: float
    brier: float | None
    log_loss: float | None
    ece: float | None
    ece_if_calibrated: float | None
    ece_if_calibrated_p95: float | None
    calibration_slope: float | None
    calibration_intercept: float | None
    auroc: float | None
    reliability: list[ReliabilityPoint]


class Recalibration(msgspec.Struct, frozen=True, kw_only=True):
    """All methods, fitted on `samples` of one split, and the scores of each evaluated split before and after.

    `splits` has the qualities by the name of the method, those of the scores as they are under `none`.
    """

    fitted_on: Split
    samples: int
    class_names: list[str]
    methods: list[Method]
    splits: dict[Split, dict[str, Quality]]


def without_knots(stored: dict[str, object] | None) -> dict[str, object] | None:
    """Return a stored recalibration with the number of an isotonic regression's knots in place of them."""
    if stored is None:
        return None
    methods = [_shortened(method) for method in msgspec.convert(stored.get("methods", []), list[dict[str, object]])]
    return {**stored, "methods": methods}


def _shortened(method: dict[str, object]) -> dict[str, object]:
    parameters = msgspec.convert(method.get("parameters", {}), dict[str, float | list[float]])
    knots = parameters.get("logits")
    if not isinstance(knots, list):
        return method
    others = {name: value for name, value in parameters.items() if not isinstance(value, list)}
    return {**method, "parameters": {"knots": len(knots), **others}}
