"""Statistics of a matrix alone agree with those of the scores, and with scikit-learn."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from sklearn import metrics as sk
from statsmodels.stats.proportion import proportion_confint

from runs.statistics.matrix_statistics import FINAL_METRICS, class_counts, macro_facts, matrix_statistics, trials_of
from runs.statistics.score_statistics import final_statistics

NEED_SCORES = {
    name
    for name in FINAL_METRICS
    if name in ("final_auroc_cm", "final_average_precision", "final_log_loss", "final_ece")
    or name.startswith("final_brier")
    or "calibrat" in name
}
PROPORTIONS = {"precision", "recall", "specificity", "npv", "accuracy"}


@pytest.mark.parametrize("right", [0, 1, 7, 19, 20])
def test_the_trials_of_an_interval_are_found_again(right: int) -> None:
    low, high = proportion_confint(right, 20, method="wilson")
    assert trials_of(right / 20, low, high) == pytest.approx(20, rel=1e-6)


@pytest.mark.parametrize("ends", [(0.5, 0.5), (0.0, 1.0)])
def test_an_interval_without_width_or_bounds_has_no_trials(ends: tuple[float, float]) -> None:
    assert trials_of(0.5, *ends) is None


def case(classes: int, seed: int) -> tuple[Any, Any, list[str]]:
    """Make scores and targets; odd seeds have a class without samples."""
    random = np.random.default_rng(seed)
    targets = random.integers(0, classes - seed % 2 if classes > 2 else classes, 150)
    scores = random.dirichlet(np.ones(classes), 150) + 0.3 * np.eye(classes)[targets]
    scores /= scores.sum(axis=1, keepdims=True)
    return (scores[:, 1] if classes == 2 else scores), targets, [f"c{label}" for label in range(classes)]


def follows_from_the_matrix(row: str, classes: int) -> bool:
    """Tell numbers and Wilson's intervals from what needs scores or resamples: all intervals of macro averages."""
    name, _, label = row.partition("/")
    metric = name.removesuffix("_ci_low").removesuffix("_ci_high")
    if metric in NEED_SCORES or metric == name:
        return metric not in NEED_SCORES
    meaning = FINAL_METRICS[metric]
    return meaning in PROPORTIONS and (classes == 2 or bool(label) or meaning == "accuracy")


@pytest.mark.parametrize("classes", [2, 3, 5])
@pytest.mark.parametrize("seed", range(4))
def test_rows_that_need_no_scores_are_those_of_the_final_statistics(classes: int, seed: int) -> None:
    scores, targets, names = case(classes, seed)
    matrix, rows = final_statistics(scores, targets, class_names=names)
    wanted = {name: value for name, value in rows.items() if follows_from_the_matrix(name, classes)}
    assert matrix_statistics(matrix.tolist(), names) == wanted
    assert set(FINAL_METRICS) > NEED_SCORES


@pytest.mark.parametrize("seed", range(4))
def test_the_sum_of_two_matrices_says_what_scikit_learn_says_of_all_samples(seed: int) -> None:
    """Sum two networks with their own thresholds."""
    random = np.random.default_rng(seed)
    targets = random.integers(0, 2, 90)
    predicted = np.where(random.random(90) < 0.8, targets, 1 - targets)
    parts = [sk.confusion_matrix(targets[part], predicted[part]) for part in (slice(0, 40), slice(40, 90))]
    rows = matrix_statistics((parts[0] + parts[1]).tolist(), ["no", "yes"])
    assert rows["final_f1_cm"] == pytest.approx(sk.f1_score(targets, predicted), abs=1e-12)
    assert rows["final_precision_cm"] == pytest.approx(sk.precision_score(targets, predicted), abs=1e-12)
    assert rows["final_specificity"] == pytest.approx(sk.recall_score(targets, predicted, pos_label=0), abs=1e-12)
    assert rows["final_mcc"] == pytest.approx(sk.matthews_corrcoef(targets, predicted), abs=1e-12)
    assert rows["final_balanced_accuracy"] == pytest.approx(sk.balanced_accuracy_score(targets, predicted), abs=1e-12)


def test_counts_of_each_class_against_the_rest() -> None:
    """Two of class 0 taken for 1, one of class 2 for 0."""
    assert class_counts([[5, 2, 0], [0, 4, 0], [1, 0, 3]]) == [(5, 7, 1, 2), (4, 9, 2, 0), (3, 11, 0, 1)]


def test_an_empty_matrix_has_unknown_numbers() -> None:
    rows = matrix_statistics([[0, 0], [0, 0]], ["no", "yes"])
    assert {rows[name] for name in FINAL_METRICS if name in rows} == {None}
    assert rows["cm_tp"] == 0


def test_the_server_computes_it_without_numpy() -> None:
    script = (
        "import sys, runs.statistics.matrix_statistics, runs.statistics.fold_statistics; print('numpy' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_macro_facts_name_the_classes_that_are_special() -> None:
    matrix, names = [[5, 0, 2, 0], [1, 0, 0, 0], [0, 0, 3, 0], [0, 0, 0, 0]], list("abcd")
    rows = matrix_statistics(matrix, names)
    assert macro_facts(matrix, names, rows) == (3, ["d"], ["b"])
    assert rows["final_precision_cm"] == pytest.approx((5 / 6 + 0 + 3 / 5) / 3)
    earlier = rows | {"final_precision_cm": (5 / 6 + 3 / 5) / 2}  # by the rule of version 0.1
    assert macro_facts(matrix, names, earlier) is None
    two = [[1, 0], [2, 0]]
    assert macro_facts(two, ["no", "yes"], matrix_statistics(two, ["no", "yes"])) is None
