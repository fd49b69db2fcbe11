"""Everything that a model file says of itself, as texts by name. Pure: no torch, no NumPy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from experiments.training.exporting.model_facts import ModelFacts
from experiments.training.model_source import ModelSource

FORMAT_VERSION = "1"
OUTPUTS = {
    "logit": "what the network computes, float32 (batch)",
    "score": "its sigmoid, float64 (batch): how much speaks for the positive class, from 0 to 1",
    "probability": "the score recalibrated by Platt's method on the validation split, float64 (batch)",
    "logits": "what the network computes, float32 (batch, classes)",
    "scores": "their softmax, float64 (batch, classes)",
    "label": "the decision, int64 (batch): a place in `classes`, from 0",
}
MIDWAY = (
    "It lies between two neighbouring scores of the validation split, midway where that can be, so that single "
    "precision decides alike."
)


def texts(
    source: ModelSource, facts: ModelFacts, preprocessing: Mapping[str, Any], outputs: Sequence[str]
) -> dict[str, str]:
    """Return the metadata by name, in their order; all that is not a plain text or number is JSON."""
    found: dict[str, Any] = {
        "format_version": FORMAT_VERSION,
        "product": facts.product,
        "product_version": facts.product_version,
        "run_id": str(source.run_id),
        "run_name": facts.run_name,
        "attempt": str(source.attempt),
        "classes": source.classes,
        "positive_class": source.positive or "",
        "preprocessing": preprocessing,
        "outputs": {name: OUTPUTS[name] for name in outputs},
        "decision": decision(source),
        "recalibration": recalibration(source),
        "data": {"name": facts.data_name, "sha256": facts.data_hash},
        "metrics": facts.metrics,
        "licence": facts.licence,
        "checkpoint_sha256": source.sha256,
    }
    if facts.model_card is not None:
        found["model_card"] = facts.model_card
    return {name: value if isinstance(value, str) else _json(value) for name, value in found.items()}


def decision(source: ModelSource) -> dict[str, Any]:
    """Describe how a label is decided; `threshold` is of the scores, `log_odds` of the logits where scores tie."""
    if source.positive is None:
        return {"by": "highest", "words": "The class with the highest score is predicted."}
    saved = source.saved_point
    odds = None if saved is None else saved.get("log_odds")
    least = f"a score of {source.threshold!r}" if odds is None else f"a logit of {odds!r}"
    return {
        "by": "score" if odds is None else "logit",
        "threshold": source.threshold,
        "log_odds": odds,
        "holds": "own" if saved is None else "saved",
        "rule": None if saved is None else saved.get("rule"),
        "label": "The run's own threshold" if saved is None else saved.get("label"),
        "words": f"{source.positive!r} is predicted from {least} on. {_origin(saved)}",
    }


def recalibration(source: ModelSource) -> dict[str, Any]:
    """Describe the recalibration that is in the graph; `method` is null where none is."""
    if source.recalibration is None or source.positive is None:
        return {"method": None}
    numbers = {name: source.recalibration[name] for name in ("slope", "intercept")}
    formula = "1 / (1 + exp(-(intercept + slope * logit)))"
    return {"method": "platt", "formula": formula, **numbers}


def _origin(saved: Mapping[str, Any] | None) -> str:
    if saved is None:
        return "It is the threshold that the training was asked for; no operating point is saved."
    if saved.get("rule") == "hand":
        return "It was set by hand."
    return f"It was chosen on the validation split. {MIDWAY}"


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()
