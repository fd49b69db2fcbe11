"""Fit the recalibrations of a training to the outputs of its best checkpoint."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from experiments.training.contract.reports import Recalibrated
from experiments.training.recipes.evaluation import Predictions
from runs.statistics.intervals.patients import patient_codes
from runs.statistics.recalibration.fitting import Outputs, recalibrated


def report_of(predictions: Sequence[Predictions], data: Any) -> Recalibrated:
    """Fit all methods to the validation split, with the quality of the scores of each split before and after."""
    splits = {part.split: Outputs(part.logits, part.targets, _patients(part, data)) for part in predictions}
    return Recalibrated(found=recalibrated(splits, data.class_names))


def _patients(part: Predictions, data: Any) -> Any:
    return patient_codes([data.patient_ids[place] for place in part.positions])
