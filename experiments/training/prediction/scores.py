"""From a network's outputs to scores, probabilities and decisions, as the run itself decides."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from experiments.training.model_source import ModelSource
from runs.statistics.predictions import scores_from_logits
from runs.statistics.recalibration.applying import recalibrated_scores
from runs.statistics.recalibration.methods import Method
from runs.statistics.recalibration.platt import FORMULA
from runs.statistics.sigmoid import sigmoid

OWN, SAVED, HIGHEST = "own_threshold", "saved_point", "highest_score"
"""By what is decided: the run's own threshold, its saved operating point, or, of many classes, the highest score."""
TIE = 2.0**-20
"""Of a threshold that is the score of a sample: how far below it, as a share of the logit, that same sample may come
out when its score is computed again, in another batch or on another machine."""
KEPT_THRESHOLDS = 256
SAME = 8 * float(np.finfo(np.float64).eps)
NOT_FINITE = "The network gives no finite number for this input, so there is no score."


class Score(msgspec.Struct, frozen=True, kw_only=True):
    """What the model says of one sample.

    `logits` are one of two classes, that of the positive one, else one per class. `scores` are their sigmoid or
    softmax by class, `probabilities` the recalibrated ones, None where Platt's method was not fitted. Where outputs are
    not finite, `problem` says so and there is neither score nor decision.
    """

    logits: list[float]
    scores: dict[str, float]
    probabilities: dict[str, float] | None
    predicted: str | None
    decided_by: str
    problem: str | None = None


def scored(logits: NDArray[Any], source: ModelSource) -> list[Score]:
    """Score samples given as logits, (B,) of two classes or (B, C) of more."""
    exact = np.asarray(logits, dtype=np.float64)
    each = np.isfinite(exact)
    finite: NDArray[np.bool_] = each if exact.ndim == 1 else np.all(each, axis=1)
    usable = exact if finite.all() else np.where(finite if exact.ndim == 1 else finite[:, None], exact, 0.0)
    raw = scores_from_logits(usable)
    likely = probabilities(usable, source)
    labels, by = _decided(usable, raw, source), decided_by(source)
    return [
        Score(
            logits=_as_list(exact[at]),
            scores=_by_class(raw[at], source),
            probabilities=None if likely is None else _by_class(likely[at], source),
            predicted=source.classes[labels[at]],
            decided_by=by,
        )
        if finite[at]
        else Score(logits=[], scores={}, probabilities=None, predicted=None, decided_by=by, problem=NOT_FINITE)
        for at in range(len(exact))
    ]


def probabilities(logits: NDArray[np.float64], source: ModelSource) -> NDArray[np.float64] | None:
    """Recalibrate by Platt's method, (B,); None where it was not fitted, as of more than two classes."""
    if source.recalibration is None or logits.ndim > 1:
        return None
    parameters = {name: float(source.recalibration[name]) for name in ("slope", "intercept")}
    return recalibrated_scores(logits, Method(name="platt", formula=FORMULA, parameters=dict(parameters)))


def decided_by(source: ModelSource) -> str:
    """Say by what is decided: OWN, SAVED or HIGHEST."""
    if len(source.classes) > 2:
        return HIGHEST
    return OWN if source.saved_point is None else SAVED


def decided(logits: NDArray[np.float64], source: ModelSource) -> NDArray[np.int64]:
    """Predict labels, (B,), as the run's own statistics do: by log-odds where the saved point has them, else by scores.

    A threshold that is itself the score of a sample calls that sample whatever the last digits of its score are now.
    """
    return _decided(logits, scores_from_logits(logits), source)


def _decided(logits: NDArray[np.float64], scores: NDArray[np.float64], source: ModelSource) -> NDArray[np.int64]:
    if logits.ndim > 1:
        return np.asarray(scores.argmax(axis=1), dtype=np.int64)
    saved = source.saved_point or {}
    log_odds, threshold = saved.get("log_odds"), 0.5 if source.threshold is None else source.threshold
    if log_odds is None:
        said, at = scores >= threshold, _logit_of(threshold)
    else:
        said, at = logits >= log_odds, _single(log_odds)
    if at is not None:
        said |= logits >= at - TIE * abs(at)
    return said.astype(np.int64)


@lru_cache(KEPT_THRESHOLDS)
def _logit_of(threshold: float) -> float | None:
    """Return the logit of single precision whose score is the threshold; None where it is no such score."""
    if not 0 < threshold < 1:
        return None
    near = np.float32(math.log(threshold) - math.log1p(-threshold))
    around = (near, np.nextafter(near, np.float32(-np.inf)), np.nextafter(near, np.float32(np.inf)))
    scores = sigmoid(np.array(around))
    return next((float(one) for one, score in zip(around, scores, strict=True) if _are_one(score, threshold)), None)


def _are_one(score: float, threshold: float) -> bool:
    """Return whether both are the same score, which another library may have rounded otherwise."""
    return bool(abs(score - threshold) <= SAME * threshold)


def _single(log_odds: float) -> float | None:
    return log_odds if float(np.float32(log_odds)) == log_odds else None


def _by_class(score: Any, source: ModelSource) -> dict[str, float]:
    values = _as_list(score)
    return dict(zip(source.classes, [1 - values[0], *values] if len(values) == 1 else values, strict=True))


def _as_list(values: Any) -> list[float]:
    """Return the number, or the numbers, of one sample."""
    found = values.tolist()
    return found if isinstance(found, list) else [found]
