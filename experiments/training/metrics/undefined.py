"""When a metric has no value, though the library returns a number: 0/0, a class without samples.

torchmetrics 1.9.0 then gives 0, infinity, or something else that no definition has; a curve shall have a gap there.
The reference page of the metrics has the table.
"""

from __future__ import annotations

import numpy as np

from runs.statistics.roc import Ints

RANKING = frozenset(
    {
        "auroc",
        "eer",
        "logauc",
        "precision_at_fixed_recall",
        "recall_at_fixed_precision",
        "sensitivity_at_specificity",
        "specificity_at_sensitivity",
    }
)
"""Metrics that compare the scores of samples inside and outside of a class."""
NO_SAMPLES = "there are no samples of class {label}"
NO_PREDICTIONS = "no sample is predicted as class {label}"
NO_EITHER = "there are no samples of class {label}, and none is predicted as it"


def reason(name: str, targets: Ints, labels: Ints, classes: int) -> str | None:
    """Say why the metric has no value for these labels and predictions; None if it has one."""
    if name in RANKING:
        return _absent(targets, range(classes))
    if name == "average_precision":
        return _absent(targets, [1]) if classes == 2 else _alone(targets)
    if name == "cohen_kappa":
        return _agreement(targets, labels)
    return _no_quotient(name, targets, labels) if classes == 2 else None


def _absent(targets: Ints, wanted: range | list[int]) -> str | None:
    """Name the first of these classes that has no sample."""
    return next((NO_SAMPLES.format(label=label) for label in wanted if not np.any(targets == label)), None)


def _alone(targets: Ints) -> str | None:
    return "all samples are of one class" if len(np.unique(targets)) < 2 else None


def _agreement(targets: Ints, labels: Ints) -> str | None:
    alike = len(np.union1d(targets, labels)) < 2
    return "all samples and all predictions are of one class" if alike else None


def _no_quotient(name: str, targets: Ints, labels: Ints) -> str | None:
    """Say why the denominator of a ratio of counts is 0."""
    if name == "specificity":
        return _absent(targets, [0])
    if name == "recall":
        return _absent(targets, [1])
    if name == "precision" and not np.any(labels == 1):
        return NO_PREDICTIONS.format(label=1)
    if name == "negative_predictive_value" and not np.any(labels == 0):
        return NO_PREDICTIONS.format(label=0)
    if name in ("f1_score", "fbeta_score", "jaccard_index") and not np.any((targets == 1) | (labels == 1)):
        return NO_EITHER.format(label=1)
    return None
