"""Say why no operating point can be saved with a run."""

from __future__ import annotations

from collections.abc import Sequence

from runs.models import FinalResult, Run

NO_PREDICTIONS = (
    "Run {} has no predictions.parquet of its validation split that can be read: no threshold can be chosen or checked "
    "without."
)


def obstacle(run: Run, results: Sequence[FinalResult]) -> str | None:
    """Return the sentence; None where a point can be saved."""
    if run.status not in Run.ENDED:
        return f"Run {run.pk} is {run.status.replace('_', ' ')}: save an operating point when it has ended."
    if not results:
        return f"Run {run.pk} has no final evaluation, so there is nothing to choose a threshold on."
    classes = len(results[0].class_names)
    if classes != 2:
        return (
            f"Run {run.pk} has {classes} classes: it predicts the class with the highest score, so it has no threshold "
            "that could be chosen."
        )
    if not any(result.split == "val" for result in results):
        return f"Run {run.pk} has no evaluation of its validation split: thresholds are chosen there, not on test."
    return None
