"""Every number against scikit-learn, a published table, or a value worked out by hand."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest
from sklearn import metrics as sk
from sklearn.preprocessing import label_binarize

from runs.statistics import metric_names
from runs.statistics.intervals.auroc_interval import auroc_interval
from runs.statistics.matrix_statistics import FINAL_METRICS, wilson
from runs.statistics.metric_names import COUNTS
from runs.statistics.predictions import predicted_classes, scores_from_logits
from runs.statistics.score_statistics import confusion_matrix, epoch_metrics, final_statistics

NO_YES = ["no", "yes"]


def binary_case(seed: int, *, size: int = 200, ties: bool = False) -> tuple[Any, Any]:
    random = np.random.default_rng(seed)
    scores = random.random(size)
    targets = (random.random(size) < 0.2 + 0.5 * scores).astype(np.int64)
    return (np.round(scores, 1) if ties else scores), targets


def multiclass_case(seed: int, *, size: int = 300, classes: int = 4) -> tuple[Any, Any]:
    random = np.random.default_rng(seed)
    targets = random.integers(0, classes, size)
    logits = random.normal(size=(size, classes)) + 1.5 * np.eye(classes)[targets]
    return scores_from_logits(logits), targets


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("threshold", [0.3, 0.5, 0.8])
@pytest.mark.parametrize("seed", range(5))
def test_binary_numbers_are_scikit_learns(seed: int, threshold: float, ties: bool) -> None:
    scores, targets = binary_case(seed, ties=ties)
    matrix, rows = final_statistics(scores, targets, class_names=NO_YES, threshold=threshold)
    predicted = (scores >= threshold).astype(int)
    expected = {
        "final_precision_cm": sk.precision_score(targets, predicted),
        "final_recall_cm": sk.recall_score(targets, predicted),
        "final_sensitivity": sk.recall_score(targets, predicted),
        "final_specificity": sk.recall_score(targets, predicted, pos_label=0),
        "final_accuracy_cm": sk.accuracy_score(targets, predicted),
        "final_f1_cm": sk.f1_score(targets, predicted),
        "final_auroc_cm": sk.roc_auc_score(targets, scores),
        "final_npv": sk.precision_score(targets, predicted, pos_label=0),
        "final_balanced_accuracy": sk.balanced_accuracy_score(targets, predicted),
        "final_mcc": sk.matthews_corrcoef(targets, predicted),
        "final_brier": sk.brier_score_loss(targets, scores),
        "final_log_loss": sk.log_loss(targets, scores),
        "final_average_precision": sk.average_precision_score(targets, scores),
    }
    assert {name: rows[name] for name in expected} == pytest.approx(expected, abs=1e-12)
    assert matrix.tolist() == sk.confusion_matrix(targets, predicted).tolist()
    tn, fp, fn, tp = sk.confusion_matrix(targets, predicted).ravel()
    assert [rows[name] for name in ("cm_tp", "cm_tn", "cm_fp", "cm_fn")] == [tp, tn, fp, fn]


@pytest.mark.parametrize("seed", range(5))
def test_multiclass_numbers_are_scikit_learns(seed: int) -> None:
    scores, targets = multiclass_case(seed)
    names = ["a", "b", "c", "d"]
    matrix, rows = final_statistics(scores, targets, class_names=names)
    predicted = scores.argmax(axis=1)
    one_hot = label_binarize(targets, classes=range(4))
    expected = {
        "final_precision_cm": sk.precision_score(targets, predicted, average="macro"),
        "final_recall_cm": sk.recall_score(targets, predicted, average="macro"),
        "final_accuracy_cm": sk.accuracy_score(targets, predicted),
        "final_f1_cm": sk.f1_score(targets, predicted, average="macro"),
        "final_auroc_cm": sk.roc_auc_score(targets, scores, multi_class="ovr", average="macro"),
        "final_balanced_accuracy": sk.balanced_accuracy_score(targets, predicted),
        "final_mcc": sk.matthews_corrcoef(targets, predicted),
        "final_brier": sk.brier_score_loss(targets, scores),
        "final_log_loss": sk.log_loss(targets, scores),
        "final_average_precision": sk.average_precision_score(one_hot, scores, average="macro"),
    }
    for label, name in enumerate(names):
        own, said = targets == label, predicted == label
        expected |= {
            f"final_precision_cm/{name}": sk.precision_score(own, said),
            f"final_sensitivity/{name}": sk.recall_score(own, said),
            f"final_specificity/{name}": sk.recall_score(own, said, pos_label=False),
            f"final_npv/{name}": sk.precision_score(own, said, pos_label=False),
            f"final_f1_cm/{name}": sk.f1_score(own, said),
            f"final_auroc_cm/{name}": sk.roc_auc_score(own, scores[:, label]),
            f"final_average_precision/{name}": sk.average_precision_score(own, scores[:, label]),
        }
    assert {name: rows[name] for name in expected} == pytest.approx(expected, abs=1e-12)
    assert matrix.tolist() == sk.confusion_matrix(targets, predicted).tolist()
    assert not set(COUNTS) & set(rows)


def test_epoch_metrics_of_a_binary_phase() -> None:
    scores, targets = binary_case(9)
    predicted = scores >= 0.4
    val = epoch_metrics("val", loss=0.25, scores=scores, targets=targets, threshold=0.4)
    tn, fp, fn, tp = sk.confusion_matrix(targets, predicted).ravel()
    assert val == pytest.approx(
        {
            "val_loss": 0.25,
            "val_acc": sk.accuracy_score(targets, predicted),
            "val_precision": sk.precision_score(targets, predicted),
            "val_recall": sk.recall_score(targets, predicted),
            "val_f1": sk.f1_score(targets, predicted),
            "val_auroc": sk.roc_auc_score(targets, scores),
            "val_cm_tp": tp,
            "val_cm_tn": tn,
            "val_cm_fp": fp,
            "val_cm_fn": fn,
        },
        abs=1e-12,
    )
    train = epoch_metrics("train", loss=0.25, scores=scores, targets=targets, threshold=0.4)
    assert train == {f"train_{name}": val[f"val_{name}"] for name in ("loss", "acc", "f1", "recall")}


def test_epoch_metrics_of_several_classes_are_macro_averages() -> None:
    scores, targets = multiclass_case(3)
    predicted = scores.argmax(axis=1)
    assert epoch_metrics("val", loss=None, scores=scores, targets=targets) == pytest.approx(
        {
            "val_loss": None,
            "val_acc": sk.accuracy_score(targets, predicted),
            "val_precision": sk.precision_score(targets, predicted, average="macro"),
            "val_recall": sk.recall_score(targets, predicted, average="macro"),
            "val_f1": sk.f1_score(targets, predicted, average="macro"),
            "val_auroc": sk.roc_auc_score(targets, scores, multi_class="ovr"),
        }
    )


def macro_case(seed: int) -> tuple[Any, Any]:
    """Make five classes: "d" has samples and is never predicted, "e" has none and is predicted."""
    random = np.random.default_rng(seed)
    targets = random.integers(0, 4, 200)
    scores = random.dirichlet(np.ones(5), 200) + 0.5 * np.eye(5)[targets]
    scores[:, 3] *= 0.01
    return scores / scores.sum(axis=1, keepdims=True), targets


@pytest.mark.parametrize("seed", range(4))
def test_macro_averages_are_over_the_classes_that_have_samples(seed: int) -> None:
    scores, targets = macro_case(seed)
    predicted = scores.argmax(axis=1)
    assert set(predicted) == {0, 1, 2, 4}
    _, rows = final_statistics(scores, targets, class_names=list("abcde"))
    epoch = epoch_metrics("val", loss=None, scores=scores, targets=targets)
    options: dict[str, Any] = {"labels": range(4), "average": "macro", "zero_division": 0}
    expected = {
        "precision_cm": sk.precision_score(targets, predicted, **options),
        "recall_cm": sk.recall_score(targets, predicted, **options),
        "f1_cm": sk.f1_score(targets, predicted, **options),
    }
    assert {name: rows[f"final_{name}"] for name in expected} == pytest.approx(expected, abs=1e-12)
    assert [epoch[f"val_{name.removesuffix('_cm')}"] for name in expected] == [rows[f"final_{n}"] for n in expected]
    rest = [(targets != label, predicted != label) for label in range(4)]
    assert rows["final_npv"] == pytest.approx(np.mean([sk.precision_score(*one, zero_division=0) for one in rest]))
    assert rows["final_specificity"] == pytest.approx(np.mean([sk.recall_score(*one) for one in rest]))
    areas = [sk.roc_auc_score(targets == label, scores[:, label]) for label in range(4)]
    assert rows["final_auroc_cm"] == epoch["val_auroc"] == pytest.approx(np.mean(areas))
    assert rows["final_balanced_accuracy"] == rows["final_recall_cm"]
    # Of one class, 0/0 stays unknown.
    assert rows["final_precision_cm/d"] is rows["final_recall_cm/e"] is rows["final_auroc_cm/e"] is None


def test_a_network_that_predicts_one_of_many_classes_has_the_low_precision_of_scikit_learn() -> None:
    targets = np.arange(90) % 9
    scores = np.tile(np.eye(9)[4] * 0.9 + 0.1 / 9, (90, 1))
    _, rows = final_statistics(scores, targets, class_names=list("abcdefghi"))
    predicted = scores.argmax(axis=1)
    expected = sk.precision_score(targets, predicted, average="macro", zero_division=0)
    assert expected == pytest.approx(1 / 81)
    assert (
        rows["final_precision_cm"]
        == epoch_metrics("val", loss=None, scores=scores, targets=targets)["val_precision"]
        == pytest.approx(expected)
    )
    assert rows["final_npv"] == pytest.approx(8 * (80 / 90) / 9)  # nothing is said not to be of the one class


def test_one_class_with_samples_leaves_unknown_what_needs_another() -> None:
    scores, targets = np.array([[0.8, 0.1, 0.1], [0.2, 0.7, 0.1]]), np.zeros(2, dtype=np.int64)
    _, rows = final_statistics(scores, targets, class_names=list("abc"))
    assert rows["final_specificity"] is rows["final_auroc_cm"] is None
    assert (rows["final_precision_cm"], rows["final_recall_cm"], rows["final_npv"]) == (1.0, 0.5, 0.0)


def test_one_class_only_leaves_unknown_what_needs_both() -> None:
    scores, targets = np.array([0.1, 0.6, 0.7]), np.zeros(3, dtype=np.int64)
    matrix, rows = final_statistics(scores, targets, class_names=NO_YES, threshold=0.5)
    assert matrix.tolist() == [[1, 2], [0, 0]]
    unknown = ("recall_cm", "sensitivity", "auroc_cm", "balanced_accuracy", "mcc", "average_precision")
    for name in unknown:
        assert rows[f"final_{name}"] is None, name
    assert rows["final_sensitivity_ci_low"] is rows["final_auroc_cm_ci_high"] is None
    assert rows["final_specificity"] == pytest.approx(1 / 3)
    assert rows["final_precision_cm"] == 0.0  # two called positive, both wrong: known, and zero


def test_all_one_prediction() -> None:
    scores, targets = np.full(4, 0.2), np.array([0, 1, 0, 1])
    _, rows = final_statistics(scores, targets, class_names=NO_YES, threshold=0.5)
    assert rows["final_precision_cm"] is None
    assert rows["final_mcc"] is None
    assert rows["final_recall_cm"] == 0.0
    assert rows["final_f1_cm"] == 0.0
    assert rows["final_npv"] == 0.5
    assert rows["final_auroc_cm"] == 0.5


def test_scores_that_are_not_finite_make_an_epochs_numbers_unknown() -> None:
    scores, targets = np.array([0.1, math.nan, 0.9]), np.array([0, 1, 1])
    numbers = epoch_metrics("val", loss=None, scores=scores, targets=targets, threshold=0.5)
    assert len(numbers) == 10
    assert set(numbers.values()) == {None}
    with pytest.raises(ValueError, match="finite"):
        final_statistics(scores, targets, class_names=NO_YES, threshold=0.5)


@pytest.mark.parametrize("shape", [(0,), (0, 3)])
def test_an_epoch_without_samples_is_unknown(shape: tuple[int, ...]) -> None:
    numbers = epoch_metrics("train", loss=None, scores=np.empty(shape), targets=np.empty(0, dtype=np.int64))
    assert numbers == {"train_loss": None, "train_acc": None, "train_f1": None, "train_recall": None}


def test_a_score_at_the_threshold_is_positive() -> None:
    assert predicted_classes(np.array([0.49999, 0.5, 0.50001]), 0.5).tolist() == [0, 1, 1]


def test_rows_are_true_classes_and_columns_predictions() -> None:
    matrix = confusion_matrix(np.array([0, 0, 0, 2]), np.array([1, 1, 0, 2]), 3)
    assert matrix.tolist() == [[1, 2, 0], [0, 0, 0], [0, 0, 1]]


def test_scores_do_not_overflow() -> None:
    assert scores_from_logits(np.array([-1e4, 0.0, 1e4], dtype=np.float32)).tolist() == [0.0, 0.5, 1.0]
    rows = scores_from_logits(np.array([[1e4, 0.0], [0.0, 0.0]], dtype=np.float32))
    assert rows.tolist() == [[1.0, 0.0], [0.5, 0.5]]
    assert scores_from_logits(np.array([-40.0], dtype=np.float32))[0] == pytest.approx(
        1 / (1 + math.exp(40)), rel=1e-15
    )


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    # Newcombe, Statistics in Medicine 17 (1998) 857-872, Table I, method 3
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_intervals_are_the_published_ones(successes: int, trials: int, low: float, high: float) -> None:
    assert wilson(successes, trials) == pytest.approx((low, high), abs=5e-5)


def test_wilson_of_nothing_is_unknown_and_of_everything_ends_at_one() -> None:
    assert wilson(0, 0) == (None, None)
    assert wilson(20, 20) == pytest.approx((1 - 0.1611, 1.0), abs=5e-5)


def test_intervals_belong_to_their_numbers() -> None:
    scores, targets = binary_case(1)
    _, rows = final_statistics(scores, targets, class_names=NO_YES, threshold=0.5)
    tn, fp, fn, tp = sk.confusion_matrix(targets, scores >= 0.5).ravel()
    trials = {
        "final_precision_cm": (tp, tp + fp),
        "final_recall_cm": (tp, tp + fn),
        "final_sensitivity": (tp, tp + fn),
        "final_specificity": (tn, tn + fp),
        "final_npv": (tn, tn + fn),
        "final_accuracy_cm": (tp + tn, tp + tn + fp + fn),
    }
    for name, (successes, total) in trials.items():
        assert (rows[f"{name}_ci_low"], rows[f"{name}_ci_high"]) == wilson(int(successes), int(total)), name
    assert (rows["final_auroc_cm_ci_low"], rows["final_auroc_cm_ci_high"]) == auroc_interval(scores, targets == 1)


def test_names_agree_with_what_readers_show() -> None:
    scores, targets = binary_case(2)
    epoch = [
        name
        for phase in ("train", "val")
        for name in epoch_metrics(phase, loss=0.0, scores=scores, targets=targets, threshold=0.5)
    ]
    assert set(epoch) | {"learning_rate"} == set(metric_names.EPOCH_METRICS)
    test = epoch_metrics("test", loss=0.0, scores=scores, targets=targets, threshold=0.5)
    assert set(test) == set(metric_names.TEST_METRICS)
    assert set(FINAL_METRICS) == set(metric_names.FINAL_STATISTICS)
    _, rows = final_statistics(scores, targets, class_names=NO_YES, threshold=0.5)
    limits = {f"{name}_ci_{end}" for name, end in itertools.product(FINAL_METRICS, ("low", "high"))}
    assert set(rows) - limits == {*FINAL_METRICS, *COUNTS}
