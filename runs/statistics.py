"""Every number Livetrain reports, from scores and targets: exact, in float64, over the whole split. Pure numpy.

Shapes: `scores` are probabilities, (N,) of the positive class (label 1) of a binary run, or (N, C) of a multi-class
run; `targets` are labels, (N,) integers from 0. A confusion matrix has row = true class, column = predicted class.
A number that is not defined (0/0, one class only, a score that is not finite) is None, never 0.
Macro averages leave undefined classes out, as scikit-learn does with `zero_division=nan`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from runs.roc import Z95, Floats, Interval, Ints, Number, area, auroc, average_precision, delong, roc_steps

# The one declaration of metric names: what is reported under which name. `<phase>_` goes before those of an epoch.
COUNTS = ("cm_tp", "cm_tn", "cm_fp", "cm_fn")
TRAIN_METRICS = {"acc": "accuracy", "f1": "f1", "recall": "recall"}
EVALUATION_METRICS = {
    "acc": "accuracy",
    "precision": "precision",
    "recall": "recall",
    "f1": "f1",
    "auroc": "auroc",
}
FINAL_METRICS = {
    "final_precision_cm": "precision",
    "final_recall_cm": "recall",
    "final_sensitivity": "recall",
    "final_specificity": "specificity",
    "final_accuracy_cm": "accuracy",
    "final_f1_cm": "f1",
    "final_auroc_cm": "auroc",
    "final_npv": "npv",
    "final_balanced_accuracy": "balanced_accuracy",
    "final_mcc": "mcc",
    "final_brier": "brier",
    "final_average_precision": "average_precision",
    "final_ece": "ece",
}
ECE_BINS = 10


class Counts(NamedTuple):
    """One class against the rest."""

    tp: int
    tn: int
    fp: int
    fn: int


class Summary(NamedTuple):
    """`numbers` by what they are ("precision"), the 95 % `intervals` of those that have one."""

    numbers: dict[str, Number]
    intervals: dict[str, Interval]


def scores_from_logits(logits: NDArray[Any]) -> Floats:
    """Sigmoid of (N,) logits, softmax over the rows of (N, C) logits, in float64 and without overflow."""
    exact = np.asarray(logits, dtype=np.float64)
    if exact.ndim == 1:
        small = np.exp(-np.abs(exact))
        return np.asarray(np.where(exact >= 0, 1.0, small) / (1.0 + small), dtype=np.float64)
    shifted = np.exp(exact - exact.max(axis=1, keepdims=True, initial=-np.inf))
    return np.asarray(shifted / shifted.sum(axis=1, keepdims=True), dtype=np.float64)


def predicted_classes(scores: Floats, threshold: float | None) -> Ints:
    """Binary: 1 where the score is at or above the threshold (default 0.5). Multi-class: the first highest score."""
    if scores.ndim == 1:
        return np.asarray(scores >= (0.5 if threshold is None else threshold), dtype=np.int64)
    return np.asarray(scores.argmax(axis=1), dtype=np.int64)


def confusion_matrix(targets: Ints, predicted: Ints, classes: int) -> Ints:
    """(classes, classes) counts, row = true class, column = predicted class."""
    flat = np.bincount(targets * classes + predicted, minlength=classes * classes)
    return np.asarray(flat.reshape(classes, classes), dtype=np.int64)


def class_counts(matrix: Ints, label: int) -> Counts:
    """That class against the rest."""
    tp = int(matrix[label, label])
    fn = int(matrix[label].sum()) - tp
    fp = int(matrix[:, label].sum()) - tp
    return Counts(tp, int(matrix.sum()) - tp - fn - fp, fp, fn)


def ratio(part: float, whole: float) -> Number:
    """part / whole; 0/0 is unknown."""
    return part / whole if whole else None


def class_proportions(counts: Counts) -> dict[str, tuple[int, int]]:
    """The binomial proportions of one class as (successes, trials)."""
    tp, tn, fp, fn = counts
    return {"precision": (tp, tp + fp), "recall": (tp, tp + fn), "specificity": (tn, tn + fp), "npv": (tn, tn + fn)}


def f1(counts: Counts) -> Number:
    """2TP / (2TP + FP + FN)."""
    return ratio(2 * counts.tp, 2 * counts.tp + counts.fp + counts.fn)


def accuracy(matrix: Ints) -> Number:
    """Share of samples on the diagonal."""
    return ratio(int(np.trace(matrix)), int(matrix.sum()))


def mcc(matrix: Ints) -> Number:
    """Matthews correlation for any number of classes: Gorodkin, Comput. Biol. Chem. 28 (2004) 367-374, eq. 8.

    None where scikit-learn gives 0: all samples in one class, or all predictions one class.
    """
    true, predicted = [int(n) for n in matrix.sum(axis=1)], [int(n) for n in matrix.sum(axis=0)]
    size = sum(true)
    covariance = int(np.trace(matrix)) * size - sum(t * p for t, p in zip(true, predicted, strict=True))
    variances = (size**2 - sum(p * p for p in predicted)) * (size**2 - sum(t * t for t in true))
    return covariance / math.sqrt(variances) if variances else None


def brier(scores: Floats, targets: Ints) -> Number:
    """Mean squared error of the scores: Brier, Mon. Weather Rev. 78 (1950) 1-3.

    Binary: of the positive class, 0 to 1. Multi-class: summed over the classes, 0 to 2.
    """
    if not len(targets):
        return None
    if scores.ndim == 1:
        return float(((scores - targets) ** 2).mean())
    truth = np.eye(scores.shape[1])[targets]
    return float(((scores - truth) ** 2).sum(axis=1).mean())


def expected_calibration_error(scores: Floats, targets: Ints, predicted: Ints) -> Number:
    """|accuracy - mean confidence| per bin, weighted by the bin's share of samples: Naeini et al., AAAI 2015.

    Confidence = the score of the predicted class. Ten bins of equal width, closed below: [0, 0.1), ... [0.9, 1].
    """
    if not len(targets):
        return None
    confidence = (
        scores[np.arange(len(scores)), predicted] if scores.ndim == 2 else np.where(predicted, scores, 1 - scores)
    )
    bins = np.minimum((confidence * ECE_BINS).astype(np.int64), ECE_BINS - 1)
    surplus = np.bincount(bins, weights=(predicted == targets) - confidence, minlength=ECE_BINS)
    return float(np.abs(surplus).sum() / len(targets))


def wilson(successes: int, trials: int) -> Interval:
    """95 % score interval of a proportion: Wilson, J. Am. Stat. Assoc. 22 (1927) 209-212, no continuity correction."""
    if not trials:
        return None, None
    share, spread = successes / trials, Z95**2 / trials
    centre = share + spread / 2
    half = Z95 * math.sqrt(share * (1 - share) / trials + spread / (4 * trials))
    return max(0.0, (centre - half) / (1 + spread)), min(1.0, (centre + half) / (1 + spread))


def macro(values: Iterable[Number]) -> Number:
    """Mean over the classes for which the value is known."""
    known = [value for value in values if value is not None]
    return ratio(sum(known), len(known))


def epoch_metrics(
    phase: str, *, loss: Number, scores: Floats, targets: Ints, threshold: float | None = None
) -> dict[str, Number]:
    """One phase's numbers under their names: `train_...` the short list, `val_...` and `test_...` all.

    Binary runs get the four counts too, except for `train`.
    """
    training, binary = phase == "train", scores.ndim == 1
    names = TRAIN_METRICS if training else EVALUATION_METRICS
    counts = COUNTS if binary and not training else ()
    if not _usable(scores):
        return _prefixed(phase, {"loss": loss} | dict.fromkeys([*names, *counts]))
    matrix = confusion_matrix(targets, predicted_classes(scores, threshold), 2 if binary else scores.shape[1])
    numbers = _matrix_numbers(matrix, binary=binary)
    if not training:
        numbers["auroc"] = auroc(scores, targets == 1) if binary else _macro_auroc(scores, targets)
    named = {"loss": loss} | {name: numbers[meaning] for name, meaning in names.items()}
    return _prefixed(phase, named | (dict(zip(counts, class_counts(matrix, 1), strict=True)) if counts else {}))


def _prefixed(phase: str, numbers: Mapping[str, Number]) -> dict[str, Number]:
    return {f"{phase}_{name}": value for name, value in numbers.items()}


def _usable(scores: Floats) -> bool:
    return bool(len(scores)) and bool(np.isfinite(scores).all())


def _matrix_numbers(matrix: Ints, *, binary: bool) -> dict[str, Number]:
    """Accuracy, and the positive class's precision, recall and F1, or their macro averages."""
    classes = [class_counts(matrix, label) for label in ([1] if binary else range(len(matrix)))]
    return {
        "accuracy": accuracy(matrix),
        "precision": macro(ratio(c.tp, c.tp + c.fp) for c in classes),
        "recall": macro(ratio(c.tp, c.tp + c.fn) for c in classes),
        "f1": macro(f1(c) for c in classes),
    }


def _macro_auroc(scores: Floats, targets: Ints) -> Number:
    return macro(auroc(scores[:, label], targets == label) for label in range(scores.shape[1]))


def final_statistics(
    scores: Floats, targets: Ints, *, class_names: Sequence[str], threshold: float | None = None
) -> tuple[Ints, dict[str, Number]]:
    """The confusion matrix and all final rows: names of `FINAL_METRICS`, `<name>_ci_low` and `<name>_ci_high`.

    Binary runs get the four counts. Multi-class rows are macro averages (accuracy, MCC, Brier and ECE are of the
    whole), followed by `<name>/<class>` rows. Raises ValueError for scores that are not finite: there is no truth
    to tell about them.
    """
    if not _usable(scores):
        raise ValueError("Statistics need at least one sample and finite scores.")
    predicted = predicted_classes(scores, threshold)
    matrix = confusion_matrix(targets, predicted, len(class_names))
    if scores.ndim == 1:
        overall = _class_summary(matrix, 1, scores, targets)
        overall.numbers["balanced_accuracy"] = _balanced(overall.numbers)
        rows: dict[str, Number] = dict(zip(COUNTS, class_counts(matrix, 1), strict=True))
        per_class: dict[str, Number] = {}
    else:
        summaries = [_class_summary(matrix, label, scores[:, label], targets) for label in range(len(class_names))]
        overall = _macro_summary(summaries)
        rows = {}
        per_class = {
            f"{row}/{name}": value
            for name, summary in zip(class_names, summaries, strict=True)
            for row, value in _rows(summary).items()
        }
    overall.numbers["accuracy"] = accuracy(matrix)
    overall.intervals["accuracy"] = wilson(int(np.trace(matrix)), int(matrix.sum()))
    overall.numbers["mcc"] = mcc(matrix)
    overall.numbers["brier"] = brier(scores, targets)
    overall.numbers["ece"] = expected_calibration_error(scores, targets, predicted)
    return matrix, rows | _rows(overall) | per_class


def _class_summary(matrix: Ints, label: int, scores: Floats, targets: Ints) -> Summary:
    """One class against the rest: what its counts and its scores say."""
    counts, positive = class_counts(matrix, label), targets == label
    proportions = class_proportions(counts)
    steps = roc_steps(scores, positive)
    numbers = {name: ratio(*proportion) for name, proportion in proportions.items()}
    numbers |= {"f1": f1(counts), "auroc": area(*steps), "average_precision": average_precision(*steps)}
    intervals = {name: wilson(*proportion) for name, proportion in proportions.items()}
    return Summary(numbers, intervals | {"auroc": delong(scores, positive)})


def _balanced(numbers: Mapping[str, Number]) -> Number:
    """Mean of sensitivity and specificity; unknown when one of them is."""
    sensitivity, specificity = numbers["recall"], numbers["specificity"]
    return None if sensitivity is None or specificity is None else (sensitivity + specificity) / 2


def _macro_summary(summaries: Sequence[Summary]) -> Summary:
    """Balanced accuracy of more than two classes is the macro recall."""
    numbers = {name: macro(summary.numbers[name] for summary in summaries) for name in summaries[0].numbers}
    return Summary(numbers | {"balanced_accuracy": numbers["recall"]}, {})


def _rows(summary: Summary) -> dict[str, Number]:
    """A summary under the names of `FINAL_METRICS`, each interval right after its number."""
    rows: dict[str, Number] = {}
    for name, meaning in FINAL_METRICS.items():
        if meaning in summary.numbers:
            rows[name] = summary.numbers[meaning]
        if meaning in summary.intervals:
            rows[f"{name}_ci_low"], rows[f"{name}_ci_high"] = summary.intervals[meaning]
    return rows
