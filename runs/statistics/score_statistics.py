"""Compute every number Livetrain reports, from scores and targets: exact, in float64, over the whole split. Pure numpy.

Shapes: `scores` are probabilities, (N,) of the positive class (label 1) of a binary run, or (N, C) of a multi-class
run; `targets` are labels, (N,) integers from 0. A confusion matrix has row = true class, column = predicted class. A
number that is not defined (0/0, one class only, a score that is not finite) is None, never 0. Macro averages follow the
rule of `matrix_statistics`, in each epoch as at the end.

`logits` have the shape of the scores. Where they are given, samples are ranked by them: scores near 1 are alike where
logits still differ (`log_odds`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from runs.statistics.calibration.brier_decomposition import brier_decomposition, brier_parts
from runs.statistics.calibration.calibration_error import Binned, binned
from runs.statistics.calibration.calibration_line import calibration_line
from runs.statistics.evaluated import Evaluated, Ranks
from runs.statistics.intervals.auroc_interval import auroc_interval
from runs.statistics.intervals.bootstrap_intervals import bootstrap_intervals
from runs.statistics.intervals.proportions import class_intervals, proportion_interval
from runs.statistics.intervals.resampling import seed_of
from runs.statistics.matrix_statistics import (
    Counts,
    Matrix,
    Number,
    Summary,
    accuracy,
    class_counts,
    class_numbers,
    class_summary,
    final_rows,
    macro,
    macro_numbers,
    reported,
)
from runs.statistics.metric_names import COUNTS
from runs.statistics.predictions import evaluated, predicted_classes, usable
from runs.statistics.roc import Floats, Ints, area, auroc, average_precision, roc_steps
from runs.statistics.sample_losses import log_losses, squared_errors

# The only declaration of an epoch's metric names, without `<phase>_`; `matrix_statistics` has the final ones.
TRAIN_METRICS = {"acc": "accuracy", "f1": "f1", "recall": "recall"}
EVALUATION_METRICS = {
    "acc": "accuracy",
    "precision": "precision",
    "recall": "recall",
    "f1": "f1",
    "auroc": "auroc",
}
Count = Callable[[Ints, Ints, int], Ints]
"""Counts as `confusion_matrix` does."""


def confusion_matrix(targets: Ints, predicted: Ints, classes: int) -> Ints:
    """Count (classes, classes): row = true class, column = predicted class."""
    flat = np.bincount(targets * classes + predicted, minlength=classes * classes)
    return np.asarray(flat.reshape(classes, classes), dtype=np.int64)


def brier(scores: Floats, targets: Ints) -> Number:
    """Compute the mean squared error of the scores: Brier, Mon. Weather Rev. 78 (1950) 1-3.

    Binary: of the positive class, 0 to 1. Multi-class: summed over the classes, 0 to 2.
    """
    return float(squared_errors(scores, targets).mean()) if len(targets) else None


def log_loss(scores: Floats, targets: Ints) -> Number:
    """Compute the mean negative logarithm of the true class's score."""
    return float(log_losses(scores, targets).mean()) if len(targets) else None


def epoch_metrics(
    phase: str,
    *,
    loss: Number,
    scores: Floats,
    targets: Ints,
    threshold: float | None = None,
    logits: Floats | None = None,
    count: Count = confusion_matrix,
) -> dict[str, Number]:
    """Compute one phase's numbers under their names: `train_...` the short list, `val_...` and `test_...` all.

    Binary runs get the four counts too, except for `train`. A training counts with a library that is not loaded here.
    """
    training, binary = phase == "train", scores.ndim == 1
    names = TRAIN_METRICS if training else EVALUATION_METRICS
    counts = COUNTS if binary and not training else ()
    if not usable(scores):
        return _prefixed(phase, {"loss": loss} | dict.fromkeys([*names, *counts]))
    matrix = count(targets, predicted_classes(scores, threshold), 2 if binary else scores.shape[1]).tolist()
    numbers = _matrix_numbers(matrix)
    if not training:
        ranks = Ranks(scores, logits)
        numbers["auroc"] = macro(auroc(ranks.of(label), targets == label) for label in reported(len(matrix)))
    named = {"loss": loss} | {name: numbers[meaning] for name, meaning in names.items()}
    return _prefixed(phase, named | (dict(zip(counts, class_counts(matrix)[1], strict=True)) if counts else {}))


def _prefixed(phase: str, numbers: Mapping[str, Number]) -> dict[str, Number]:
    return {f"{phase}_{name}": value for name, value in numbers.items()}


def _matrix_numbers(matrix: Matrix) -> dict[str, Number]:
    """Compute accuracy, and the positive class's precision, recall and F1, or their macro averages."""
    counts = class_counts(matrix)
    numbers = [class_numbers(of) for of in counts]
    return {"accuracy": accuracy(matrix)} | (numbers[1] if len(counts) == 2 else macro_numbers(counts, numbers))


def final_statistics(
    scores: Floats, targets: Ints, *, class_names: Sequence[str], **known: Any
) -> tuple[Ints, dict[str, Number]]:
    """Compute the final rows of scores; `known` is what `evaluated` takes beside them."""
    return split_statistics(evaluated(scores, targets, **known), class_names)


def split_statistics(
    split: Evaluated, class_names: Sequence[str], *, ranked: bool = True
) -> tuple[Ints, dict[str, Number]]:
    """Compute the confusion matrix and all final rows.

    Without `ranked`, average precision and a macro AUROC have no intervals: they take most of the time.

    Rows are names of `FINAL_METRICS`, with `<name>_ci_low` and `<name>_ci_high`. Binary runs get the four counts.
    Multi-class rows are macro averages (accuracy, MCC, losses and calibration errors are of the whole), followed by
    `<name>/<class>` rows.
    """
    scores, targets = split.scores, split.targets
    matrix = confusion_matrix(targets, split.predicted, len(class_names))
    counts = class_counts(matrix.tolist())
    labels = reported(len(class_names))
    found = [(_class_statistics(split, label, counts[label]), brier_parts(split, label)) for label in labels]
    classes = [summary for summary, _ in found]
    drawn = bootstrap_intervals(split, len(class_names), classes, ranked=ranked)
    classes = [
        Summary(summary.numbers, summary.intervals | more) for summary, more in zip(classes, drawn.classes, strict=True)
    ]
    losses = {"brier": brier(scores, targets), "log_loss": log_loss(scores, targets)}
    fit = calibration_line(split) if scores.ndim == 1 else Summary({}, {})
    whole = Summary(
        losses | brier_decomposition([parts for _, parts in found]) | calibration_errors(split) | fit.numbers,
        {"accuracy": proportion_interval(split.predicted == targets, split.patients)} | drawn.whole | fit.intervals,
    )
    return matrix, final_rows(matrix.tolist(), classes, class_names, whole)


def _class_statistics(split: Evaluated, label: int, counts: Counts) -> Summary:
    """Compute what the counts and the scores say of one class against the rest."""
    summary, scores, own = class_summary(counts), split.ranks_of(label), split.own(label)
    order = split.order_of(label)
    steps = roc_steps(scores, own, order)
    ranking = {"auroc": area(*steps), "average_precision": average_precision(*steps)}
    intervals = summary.intervals | {"auroc": auroc_interval(scores, own, split.patients, order)}
    if split.patients is not None:
        intervals |= class_intervals(own, split.said(label), split.patients)
    return Summary(summary.numbers | ranking, intervals)


def calibration_errors(split: Evaluated, found: Binned | None = None) -> dict[str, Number]:
    """Compute the calibration error, and what a perfectly calibrated network with the same scores would have.

    `found` are the bins of the split, where they are known.
    """
    found = found or binned(split)
    perfect = found.errors_if_calibrated(seed_of(split))
    return {
        "ece": found.error(),
        "ece_if_calibrated": float(perfect.mean()),
        "ece_if_calibrated_p95": float(np.quantile(perfect, 0.95)),
    }
