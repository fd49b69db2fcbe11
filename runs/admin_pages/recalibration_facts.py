"""Say how the scores of a run were recalibrated, for the admin; the run's page and `recalibration.json` have more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from runs.admin_pages.data_facts import DataFact
from runs.models import Run
from runs.statistics.recalibration.methods import TITLES, Method, Quality, Recalibration
from runs.wording.metric_text import metric_value
from runs.wording.number_text import number

SPLITS = {"val": "validation", "test": "test"}
COLUMNS = {
    "mean_score": "Mean score",
    "share": "Came true",
    "brier": "Brier score",
    "log_loss": "Log loss",
    "ece": "Calibration error",
    "ece_if_calibrated_p95": "of a perfect model: up to",
    "calibration_slope": "Slope",
    "calibration_intercept": "Intercept",
    "auroc": "AUROC",
}
"""Name of a number to the head of its column."""

NOISE = 1e-9


@dataclass(frozen=True, slots=True)
class RecalibrationFacts:
    """All methods, and a table with a row for each split and method: (label, its values by column)."""

    fitted_on: str
    methods: list[DataFact]
    columns: list[str]
    rows: list[tuple[str, list[tuple[str, str]]]]


def recalibration_facts(run: Run) -> RecalibrationFacts | None:
    """Describe the recalibration; None for a run without one."""
    try:
        found = msgspec.convert(run.recalibration, Recalibration | None)
    except msgspec.ValidationError:
        return None
    return None if found is None else _described(found)


def _described(found: Recalibration) -> RecalibrationFacts:
    splits = sorted(found.splits.items())  # test before validation
    return RecalibrationFacts(
        fitted_on=f"fitted on the {found.samples:,} samples of the {SPLITS[found.fitted_on]} split, where it looks "
        "better than it is",
        methods=[_method(method) for method in found.methods],
        columns=list(COLUMNS.values()),
        rows=[
            (f"{SPLITS[split]}: {TITLES[name].lower()}", _values(quality))
            for split, qualities in splits
            for name, quality in _ordered(qualities)
        ],
    )


def _ordered(qualities: dict[str, Quality]) -> Sequence[tuple[str, Quality]]:
    return [(name, qualities[name]) for name in TITLES if name in qualities]


def _values(quality: Quality) -> list[tuple[str, str]]:
    return [(head, metric_value(name, _without_noise(getattr(quality, name)))) for name, head in COLUMNS.items()]


def _without_noise(value: float | None) -> float | None:
    """Return 0 for what is 0 but for rounding, as the intercept over the samples that Platt's method was fitted to."""
    return 0.0 if value is not None and abs(value) < NOISE else value


def _method(method: Method) -> DataFact:
    if method.problem:
        return DataFact(TITLES[method.name], "not fitted", method.problem)
    knots = method.parameters.get("logits")
    if isinstance(knots, list):
        return DataFact(TITLES[method.name], f"{len(knots):,} knots, in recalibration.json", method.warning or "")
    numbers = ", ".join(
        f"{name} {number(value)}" for name, value in method.parameters.items() if isinstance(value, float)
    )
    return DataFact(TITLES[method.name], numbers, method.warning or method.formula)
