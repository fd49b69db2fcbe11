"""The operating points of a run as the API, files, pages and admin show them, from what is stored by split. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from runs.statistics.operating_points.point_names import COMPARED
from runs.statistics.operating_points.rules import (
    COST,
    F1,
    HALF,
    HAND,
    OWN,
    SENSITIVITIES,
    SENSITIVITY,
    SPECIFICITIES,
    SPECIFICITY,
    YOUDEN,
)
from runs.statistics.operating_points.split_shift import Shift, shift
from runs.wording.metric_text import metric_value
from runs.wording.number_text import fixed

_LEAST = "{} at least {:g} %"
LABELS = {
    OWN: "The run's own threshold",
    HALF: "Threshold 0.5",
    **{rule: _LEAST.format("Sensitivity", float(100 * least)) for rule, least in SENSITIVITIES.items()},
    **{rule: _LEAST.format("Specificity", float(100 * least)) for rule, least in SPECIFICITIES.items()},
    YOUDEN: "Highest sensitivity + specificity (Youden)",
    F1: "Highest F1",
    HAND: "Set by hand",
}
CHOSEN_ON = "val"
_NAMES = {"final_sensitivity": "Sensitivity", "final_specificity": "Specificity"}


def described_points(
    by_split: Mapping[str, Sequence[Mapping[str, Any]]], given: Mapping[str, float] | None = None
) -> list[dict[str, Any]] | None:
    """Join the splits' points of each rule, with its `label` and what has shifted; None where none were chosen.

    `given` has the numbers of the rules that need one.
    """
    chosen = by_split.get(CHOSEN_ON)
    if not chosen:
        return None
    found = {split: {point["rule"]: point for point in points} for split, points in by_split.items()}
    return [_described(point, found, given or {}) for point in chosen]


def point_label(rule: str, number: float | None) -> str:
    """Name a rule, with the number that it has."""
    if rule == COST:
        return _cost_label(number)
    if number is None or rule not in (SENSITIVITY, SPECIFICITY):
        return LABELS.get(rule, rule)
    return _LEAST.format(rule.capitalize(), float(100 * Fraction(str(number))))


def _described(
    point: Mapping[str, Any], found: Mapping[str, Mapping[str, Mapping[str, Any]]], given: Mapping[str, float]
) -> dict[str, Any]:
    rule = point["rule"]
    splits = {
        split: points[rule]["statistics"]
        for split, points in found.items()
        if rule in points and points[rule]["statistics"]
    }
    return {
        "rule": rule,
        "label": point_label(rule, given.get(rule)),
        "threshold": point["threshold"],
        "log_odds": point["log_odds"],
        "reason": point["reason"],
        "splits": splits,
        "shifts": described_shifts(splits),
    }


def _cost_label(ratio: float | None) -> str:
    alarms = "1 false alarm" if ratio in (None, 1) else f"{ratio:g} false alarms"
    return f"Least cost, a missed positive costing as much as {alarms}"


def described_shifts(splits: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """List what differs between validation and test by more than chance explains."""
    if not {"val", "test"} <= set(splits):
        return []
    found = {name: shift(name, splits["val"], splits["test"]) for name in COMPARED}
    return [
        {
            "name": name,
            "difference": one.difference,
            "ci_low": one.low,
            "ci_high": one.high,
            "text": _shift_text(name, splits, one),
        }
        for name, one in found.items()
        if one is not None and one.excludes_zero
    ]


def _shift_text(name: str, splits: Mapping[str, Mapping[str, Any]], found: Shift) -> str:
    before, after = (metric_value(name, splits[split][name]) for split in ("val", "test"))
    least, most = sorted(abs(100 * end) for end in (found.low, found.high))
    return (
        f"{_NAMES[name]} {'falls' if found.difference < 0 else 'rises'} from {before} on validation to {after} on "
        f"test, by {fixed(abs(100 * found.difference), 1)} percentage points (95 % interval {fixed(least, 1)} to "
        f"{fixed(most, 1)}): more "
        "than chance explains."
    )
