"""The names of all metrics, in the order in which tables and files show them. Pure."""

from __future__ import annotations

from collections.abc import Collection

COUNTS = ("cm_tp", "cm_tn", "cm_fp", "cm_fn")
"""Cells of a binary confusion matrix, in the order of `matrix_statistics.Counts`: the only place that spells them."""
_TRAIN = ("loss", "acc", "f1", "recall")
_EVALUATION = ("loss", "acc", "precision", "recall", "f1", "auroc", *COUNTS)

EPOCH_METRICS: tuple[str, ...] = (
    *(f"train_{name}" for name in _TRAIN),
    *(f"val_{name}" for name in _EVALUATION),
    "learning_rate",
)
"""One value per epoch; the counts belong to binary runs."""

TEST_METRICS: tuple[str, ...] = tuple(f"test_{name}" for name in _EVALUATION)
"""One value per run: the best checkpoint over the test split."""

_ERRORS = ("loss", "hinge_loss", "hamming_distance", "calibration_error", "eer")
"""Metrics of which less is better; a run may add a word to their names."""

FINAL_STATISTICS: dict[str, str] = {
    "final_auroc_cm": "AUROC",
    "final_average_precision": "Average precision",
    "final_sensitivity": "Sensitivity (recall)",
    "final_recall_cm": "Recall",
    "final_specificity": "Specificity",
    "final_precision_cm": "Precision (PPV)",
    "final_npv": "Negative predictive value",
    "final_f1_cm": "F1",
    "final_accuracy_cm": "Accuracy",
    "final_balanced_accuracy": "Balanced accuracy",
    "final_mcc": "Matthews correlation",
    "final_brier": "Brier score",
    "final_brier_miscalibration": "Brier score: miscalibration",
    "final_brier_discrimination": "Brier score: discrimination",
    "final_brier_uncertainty": "Brier score: uncertainty",
    "final_log_loss": "Log loss",
    "final_ece": "Expected calibration error",
    "final_ece_if_calibrated": "The same of a perfect model: mean",
    "final_ece_if_calibrated_p95": "The same of a perfect model: 95 % point",
    "final_calibration_slope": "Calibration slope",
    "final_calibration_intercept": "Calibration intercept",
    "final_calibration_in_the_large": "Mean score - prevalence",
}
"""Name to the label that users see."""

WITHOUT_BEST = frozenset(
    name for name in FINAL_STATISTICS if name.startswith(("final_ece_if_", "final_calibration_", "final_brier_unc"))
)
"""Final statistics of which neither more nor less is better."""


def is_count(name: str) -> bool:
    """Return whether the metric is a count, which is stored as a float but shown as a whole number."""
    return name.endswith(COUNTS)


def is_end(name: str) -> bool:
    """Return whether the name is that of an end of an interval, of the whole or of a class."""
    return name.partition("/")[0].endswith(("_ci_low", "_ci_high"))


def lower_is_better(name: str) -> bool:
    """Return whether a lower value is better: of losses and errors, those that a run adds included."""
    if name.endswith("_loss") or name in ("final_brier", "final_brier_miscalibration", "final_ece"):
        return True
    measure = name.partition("_")[2]
    return any(f"{measure}_".startswith(f"{error}_") for error in _ERRORS)


def is_added(name: str) -> bool:
    """Return whether a run has added the metric: it is no one of those that every run reports."""
    return name.startswith(("val_", "test_")) and name not in EPOCH_METRICS and name not in TEST_METRICS


def same_as_another(name: str, shown: Collection[str]) -> bool:
    """Return whether another one that is shown is the same number: recall is sensitivity."""
    return name == "final_recall_cm" and "final_sensitivity" in shown
