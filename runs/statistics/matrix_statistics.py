"""Compute every number that a confusion matrix alone determines, exactly, without numpy. Pure Python.

A matrix has row = true class, column = predicted class; binary runs have two classes, label 1 positive. A number that
is not defined (0/0) is None, never 0.

All macro averages follow one rule: they are over the classes that have samples, and a precision or negative predictive
value of 0/0 counts as 0 in them, as in scikit-learn with `zero_division=0` and the `labels` that occur. So a class that
is never predicted lowers them, and all of them divide by the same number of classes.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, TypeAlias

from runs.statistics.metric_names import COUNTS

Number: TypeAlias = float | None
Interval: TypeAlias = tuple[Number, Number]
Matrix: TypeAlias = Sequence[Sequence[int]]

Z95 = 1.959963984540054  # the standard normal distribution's 97.5 % quantile
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
    "final_brier_miscalibration": "brier_miscalibration",
    "final_brier_discrimination": "brier_discrimination",
    "final_brier_uncertainty": "brier_uncertainty",
    "final_log_loss": "log_loss",
    "final_average_precision": "average_precision",
    "final_ece": "ece",
    "final_ece_if_calibrated": "ece_if_calibrated",
    "final_ece_if_calibrated_p95": "ece_if_calibrated_p95",
    "final_calibration_slope": "calibration_slope",
    "final_calibration_intercept": "calibration_intercept",
    "final_calibration_in_the_large": "calibration_in_the_large",
}
"""Reported name to meaning; some of them need the scores too (`statistics`)."""


class Counts(NamedTuple):
    """The counts of one class against the rest."""

    tp: int
    tn: int
    fp: int
    fn: int


class Summary(NamedTuple):
    """The numbers of one class or of all; `numbers` by meaning ("precision"), 95 % `intervals` of those with one."""

    numbers: dict[str, Number]
    intervals: dict[str, Interval]


def class_counts(matrix: Matrix) -> list[Counts]:
    """Count each class against the rest, in label order."""
    true, predicted = [sum(row) for row in matrix], [sum(column) for column in zip(*matrix, strict=True)]
    size = sum(true)
    return [
        Counts(row[i], size - true[i] - predicted[i] + row[i], predicted[i] - row[i], true[i] - row[i])
        for i, row in enumerate(matrix)
    ]


def ratio(part: float, whole: float) -> Number:
    """Return part / whole; 0/0 is None."""
    return part / whole if whole else None


def class_proportions(counts: Counts) -> dict[str, tuple[int, int]]:
    """Return the binomial proportions of one class as (successes, trials)."""
    tp, tn, fp, fn = counts
    return {"precision": (tp, tp + fp), "recall": (tp, tp + fn), "specificity": (tn, tn + fp), "npv": (tn, tn + fn)}


def f1(counts: Counts) -> Number:
    """Compute 2TP / (2TP + FP + FN)."""
    return ratio(2 * counts.tp, 2 * counts.tp + counts.fp + counts.fn)


def hits(matrix: Matrix) -> tuple[int, int]:
    """Return the number of samples on the diagonal, and of all."""
    return sum(row[i] for i, row in enumerate(matrix)), sum(map(sum, matrix))


def accuracy(matrix: Matrix) -> Number:
    """Compute the share of samples on the diagonal."""
    return ratio(*hits(matrix))


def mcc(matrix: Matrix) -> Number:
    """Compute Matthews' correlation for any number of classes.

    Gorodkin, Comput. Biol. Chem. 28 (2004) 367-374, eq. 8. None where scikit-learn gives 0: all samples in one class,
    or all predictions one class.
    """
    true, predicted = [sum(row) for row in matrix], [sum(column) for column in zip(*matrix, strict=True)]
    right, size = hits(matrix)
    covariance = right * size - sum(t * p for t, p in zip(true, predicted, strict=True))
    variances = (size**2 - sum(p * p for p in predicted)) * (size**2 - sum(t * t for t in true))
    return covariance / math.sqrt(variances) if variances else None


def wilson(successes: int, trials: int) -> Interval:
    """Compute the 95 % score interval of a proportion, without continuity correction.

    Wilson, J. Am. Stat. Assoc. 22 (1927) 209-212.
    """
    return score_interval(successes / trials, trials) if trials else (None, None)


def score_interval(share: float, trials: float, z: float = Z95) -> tuple[float, float]:
    """Compute Wilson's interval of a share of `trials`, which need not be whole; it ends at 0 and 1 exactly."""
    spread = z**2 / trials
    centre = share + spread / 2
    half = z * math.sqrt(share * (1 - share) / trials + spread / (4 * trials))
    low = 0.0 if share == 0 else max(0.0, (centre - half) / (1 + spread))
    return low, 1.0 if share == 1 else min(1.0, (centre + half) / (1 + spread))


def trials_of(share: float, low: float, high: float) -> float | None:
    """Return of how many trials a share has this score interval; None where that is not determined.

    Of an interval that follows patients it is the number of independent samples that are worth as much.
    """
    end = low if 0 < low < share else high
    return Z95**2 * end * (1 - end) / (share - end) ** 2 if 0 < end < 1 and end != share else None


def macro(values: Iterable[Number]) -> Number:
    """Average over the classes for which the value is known."""
    known = [value for value in values if value is not None]
    return ratio(math.fsum(known), len(known))


def macro_numbers(counts: Sequence[Counts], classes: Sequence[Mapping[str, Number]]) -> dict[str, Number]:
    """Average each number over the classes that have samples; `classes` has the numbers of each, in label order."""
    present = [(of, numbers) for of, numbers in zip(counts, classes, strict=True) if of.tp + of.fn]
    names = classes[0] if classes else {}
    return {name: macro(_in_macro(name, numbers[name], of) for of, numbers in present) for name in names}


def _in_macro(name: str, value: Number, counts: Counts) -> Number:
    """Return 0 for a precision of 0/0 of a class that has samples; likewise for the rest, which has an NPV."""
    samples = {"precision": counts.tp + counts.fn, "npv": counts.tn + counts.fp}.get(name, 0)
    return 0.0 if value is None and samples else value


class MacroFacts(NamedTuple):
    """Over what the macro averages are: the number of `classes` that have samples, and which are special.

    `absent` classes have no samples and do not count; `never_predicted` ones have, and their precision counts as 0.
    """

    classes: int
    absent: list[str]
    never_predicted: list[str]


def macro_facts(matrix: Matrix, class_names: Sequence[str], statistics: Mapping[str, Number]) -> MacroFacts | None:
    """Describe the macro averages among the final `statistics` of a matrix.

    None for two classes, whose numbers are the positive one's, and for averages of version 0.1, which left out every
    0/0.
    """
    if len(matrix) == 2:
        return None
    counts = class_counts(matrix)
    ours, stored = macro_numbers(counts, [class_numbers(of) for of in counts]), statistics.get("final_precision_cm")
    if (stored is None) != (ours["precision"] is None) or not math.isclose(
        stored or 0, ours["precision"] or 0, abs_tol=1e-9
    ):
        return None
    named = list(zip(class_names, counts, strict=True))
    absent = [name for name, of in named if not of.tp + of.fn]
    unused = [name for name, of in named if of.tp + of.fn and not of.tp + of.fp]
    return MacroFacts(len(matrix) - len(absent), absent, unused)


def matrix_statistics(matrix: Matrix, class_names: Sequence[str]) -> dict[str, Number]:
    """Compute those rows of `score_statistics.final_statistics` that need no scores, under the same names."""
    counts = class_counts(matrix)
    return final_rows(matrix, [class_summary(counts[label]) for label in reported(len(matrix))], class_names)


def reported(classes: int) -> Sequence[int]:
    """Return the labels whose numbers are reported: of two classes, the positive one."""
    return [1] if classes == 2 else range(classes)


def class_numbers(counts: Counts) -> dict[str, Number]:
    """Compute the numbers of one class against the rest from its counts."""
    return {name: ratio(*proportion) for name, proportion in class_proportions(counts).items()} | {"f1": f1(counts)}


def class_summary(counts: Counts) -> Summary:
    """Compute the numbers and intervals of one class against the rest from its counts."""
    intervals = {name: wilson(*proportion) for name, proportion in class_proportions(counts).items()}
    return Summary(class_numbers(counts), intervals)


def final_rows(
    matrix: Matrix, classes: Sequence[Summary], class_names: Sequence[str], whole: Summary | None = None
) -> dict[str, Number]:
    """Build all final rows from summaries of the `reported` classes and what else is known of the `whole`.

    Binary: the four counts, and the positive class's numbers. Else macro averages, followed by `<name>/<class>` rows.
    Each interval is right after its number, as `<name>_ci_low` and `<name>_ci_high`.
    """
    binary = len(matrix) == 2
    overall = _positive(classes[0]) if binary else _macro(matrix, classes)
    overall.numbers.update(accuracy=accuracy(matrix), mcc=mcc(matrix), **whole.numbers if whole else {})
    overall.intervals.update({"accuracy": wilson(*hits(matrix))} | (whole.intervals if whole else {}))
    if binary:
        return dict(zip(COUNTS, class_counts(matrix)[1], strict=True)) | _rows(overall)
    per_class = {
        f"{row}/{name}": value
        for name, summary in zip(class_names, classes, strict=True)
        for row, value in _rows(summary).items()
    }
    return _rows(overall) | per_class


def _positive(summary: Summary) -> Summary:
    """Add balanced accuracy, the mean of sensitivity and specificity; unknown when one of them is."""
    sensitivity, specificity = summary.numbers["recall"], summary.numbers["specificity"]
    balanced = None if sensitivity is None or specificity is None else (sensitivity + specificity) / 2
    return Summary(summary.numbers | {"balanced_accuracy": balanced}, dict(summary.intervals))


def _macro(matrix: Matrix, summaries: Sequence[Summary]) -> Summary:
    """Average the summaries; balanced accuracy of more than two classes is the macro recall."""
    numbers = macro_numbers(class_counts(matrix), [summary.numbers for summary in summaries])
    return Summary(numbers | {"balanced_accuracy": numbers["recall"]}, {})


def _rows(summary: Summary) -> dict[str, Number]:
    """Name a summary's numbers and intervals as in `FINAL_METRICS`."""
    rows: dict[str, Number] = {}
    for name, meaning in FINAL_METRICS.items():
        if meaning in summary.numbers:
            rows[name] = summary.numbers[meaning]
        if meaning in summary.intervals:
            rows[f"{name}_ci_low"], rows[f"{name}_ci_high"] = summary.intervals[meaning]
    return rows
