"""What the database knows of a run that its model file says, and where the run decides at the moment."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from typing import Any

from django.conf import settings

from experiments.reports.model_card import model_card
from experiments.reports.source import NoReport, data_name
from experiments.training.exporting.model_facts import ModelFacts
from runs import queries
from runs.models import FinalResult, Run
from runs.saved_points import point_history
from runs.saved_points.run_decision import decision_of
from runs.statistics.recalibration.probability import preferred

PRODUCT = "Livetrain"
OF_SCORES = (
    "final_auroc", "final_average_precision", "final_brier", "final_log_loss", "final_ece", "final_calibration",
)  # fmt: skip
"""How the names of statistics begin that depend on no threshold."""


def facts_of(run: Run, licence: str) -> ModelFacts:
    """Collect the facts, with the final statistics of each split where the file decides. Raises StoreError."""
    results = queries.final_results(run.pk)
    return ModelFacts(
        product=PRODUCT,
        product_version=_version(),
        run_name=run.experiment_name,
        data_name=data_name(run.source_path),
        data_hash=run.dataset_hash,
        metrics=_metrics(run, results),
        model_card=_card(run),
        licence=licence,
    )


def _metrics(run: Run, results: Sequence[FinalResult]) -> dict[str, dict[str, float | None]]:
    """Return the statistics of each split with their intervals.

    At a saved point there are those that need no threshold, and what was computed for the point: no number of the file
    is of another decision than its own.
    """
    saved = point_history.current(run)
    if saved is None:
        return {result.split: result.statistics for result in results}
    return {
        result.split: {name: value for name, value in result.statistics.items() if name.startswith(OF_SCORES)}
        | saved.splits.get(result.split, {})
        for result in results
    }


def decides_by(run: Run) -> dict[str, Any]:
    """Return all that a model file has beside the network and that may change: a file with other values is outdated.

    It holds the attempt, the threshold, the log-odds of a point whose scores tie, and the numbers of Platt's method.
    """
    results: Sequence[FinalResult] = queries.final_results(run.pk)
    parameters = preferred(run.recalibration)
    found = decision_of(run, results[0]) if results else None
    return {
        "attempt": run.attempt,
        "threshold": found and found.threshold,
        "log_odds": found and found.log_odds,
        "recalibration": None if parameters is None else dict(parameters),
    }


def _card(run: Run) -> dict[str, Any] | None:
    """Return the model card, which names no place on the server; None of a run without a result."""
    try:
        card = model_card(run)
    except NoReport:
        return None
    return card | {"data": card["data"] | {"source": data_name(run.source_path)}}


def _version() -> str:
    """Return this server's version."""
    found: str = tomllib.loads((settings.BASE_DIR / "pyproject.toml").read_text())["project"]["version"]
    return found
