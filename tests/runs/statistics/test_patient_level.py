"""Statistics of patients against pandas and scikit-learn: means of scores, labels of patients, ranks by logits."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, softmax
from sklearn import metrics as sk

from benchmarks.patient_coverage import coverage
from runs.events import PatientStats
from runs.statistics.matrix_statistics import wilson
from runs.statistics.patient_level import MOST_CLASSES, patient_statistics
from runs.statistics.predictions import evaluated
from runs.statistics.score_statistics import final_statistics

NO_YES = ["no", "yes"]


def of_two(scores: Any, targets: Any, patients: Any, threshold: float = 0.5, **known: Any) -> PatientStats | None:
    split = evaluated(
        np.array(scores, dtype=np.float64), np.array(targets), threshold=threshold, patients=np.array(patients), **known
    )
    return patient_statistics(split, NO_YES, threshold)


@pytest.mark.parametrize("seed", range(5))
def test_two_classes_are_scikit_learns_of_means_by_pandas(seed: int) -> None:
    random = np.random.default_rng(seed)
    patients = random.permutation(np.r_[np.arange(40), random.integers(0, 40, 120)])
    logits = random.normal(size=160) + 2 * (patients % 3 == 0)
    targets = ((patients % 3 == 0) & (random.random(160) < 0.8)).astype(np.int64)
    found = of_two(expit(logits), targets, patients, 0.4, logits=logits)
    groups = pd.DataFrame({"patient": patients, "score": expit(logits), "label": targets}).groupby("patient")
    score, label = groups["score"].mean().to_numpy(), groups["label"].max().to_numpy()
    said = score >= 0.4
    assert found is not None
    assert (found.patients, found.mixed) == (40, int((groups["label"].nunique() == 2).sum()))
    assert found.confusion_matrix == sk.confusion_matrix(label, said).tolist()
    expected = {
        "final_auroc_cm": sk.roc_auc_score(label, score),
        "final_average_precision": sk.average_precision_score(label, score),
        "final_sensitivity": sk.recall_score(label, said),
        "final_specificity": sk.recall_score(label, said, pos_label=0),
        "final_precision_cm": sk.precision_score(label, said),
        "final_npv": sk.precision_score(label, said, pos_label=0),
        "final_f1_cm": sk.f1_score(label, said),
        "final_mcc": sk.matthews_corrcoef(label, said),
        "final_brier": sk.brier_score_loss(label, score),
        "final_log_loss": sk.log_loss(label, score),
    }
    assert {name: found.statistics[name] for name in expected} == pytest.approx(expected, abs=1e-12)
    tp, positives = int((said & (label == 1)).sum()), int(label.sum())
    ends = found.statistics["final_sensitivity_ci_low"], found.statistics["final_sensitivity_ci_high"]
    assert ends == wilson(tp, positives)  # patients are independent


@pytest.mark.parametrize("seed", range(3))
def test_several_classes_leave_out_patients_of_several(seed: int) -> None:
    random = np.random.default_rng(seed)
    patients = np.r_[np.arange(50), random.integers(0, 50, 70)]
    targets = np.where(random.random(120) < 0.95, patients % 3, random.integers(0, 3, 120))
    logits = 2 * random.normal(size=(120, 3)) + np.eye(3)[targets]
    scores = softmax(logits, axis=1)
    found = patient_statistics(evaluated(scores, targets, logits=logits, patients=patients), list("abc"), None)
    table = pd.DataFrame(scores).assign(patient=patients, label=targets).groupby("patient")
    kept = table["label"].nunique() == 1
    means, label = table[[0, 1, 2]].mean()[kept].to_numpy(), table["label"].first()[kept].to_numpy()
    assert found is not None
    assert (found.patients, found.mixed) == (len(label), 50 - len(label))
    assert found.mixed
    assert found.confusion_matrix == sk.confusion_matrix(label, means.argmax(axis=1)).tolist()
    means = means / means.sum(axis=1, keepdims=True)
    expected = sk.roc_auc_score(label, means, multi_class="ovr")
    assert found.statistics["final_auroc_cm"] == pytest.approx(expected, abs=1e-12)
    low, value, high = (found.statistics[f"final_auroc_cm{end}/b"] for end in ("_ci_low", "", "_ci_high"))
    assert low < value < high  # type: ignore[operator]


def test_confident_patients_are_ranked_by_their_logits() -> None:
    """The mean score of all of them is 1 in double precision."""
    logits, patients, targets = np.array([40.0, 41, 60, 61, 50, 51]), [0, 0, 1, 1, 2, 2], [0, 0, 1, 1, 0, 0]
    assert len(set(expit(logits))) == 1
    found = of_two(expit(logits), targets, patients, logits=logits)
    assert found is not None
    assert found.statistics["final_auroc_cm"] == 1.0
    rows = np.column_stack([np.zeros(6), logits, np.full(6, -5.0)])
    several = evaluated(softmax(rows, axis=1), np.array(targets), logits=rows, patients=np.array(patients))
    of_several = patient_statistics(several, list("abc"), None)
    assert of_several is not None
    assert of_several.statistics["final_auroc_cm/b"] == 1.0


def test_equal_scores_at_the_threshold_stay_there() -> None:
    """The mean of three times 0.1 is 0.1, which is at the threshold, and not a rounding beside it."""
    for score in (0.1, 0.3, 0.7, 1 / 3):
        found = of_two([score] * 3 + [0.05], [1, 1, 1, 0], [0, 0, 0, 1], threshold=score)
        assert found is not None
        assert found.confusion_matrix == [[1, 0], [0, 1]]


def test_images_of_one_patient_each_need_no_second_evaluation() -> None:
    assert of_two([0.2, 0.8], [0, 1], [0, 1]) is None
    assert patient_statistics(evaluated(np.array([0.2, 0.8]), np.array([0, 1])), NO_YES, None) is None


@pytest.mark.parametrize(
    ("scores", "targets", "patients", "matrix", "mixed"),
    [
        ([0.9, 0.4], [1, 0], [0, 0], [[0, 0], [0, 1]], 1),  # one patient, positive by one of two samples
        ([0.9, 0.8, 0.1, 0.2], [0, 0, 0, 0], [0, 0, 1, 1], [[1, 1], [0, 0]], 0),  # one class
        ([0.1, 0.2, 0.9, 0.8], [1, 1, 0, 0], [0, 0, 1, 1], [[0, 1], [1, 0]], 0),  # all wrong
        ([0.5, 0.5, 0.5, 0.5], [1, 1, 0, 0], [0, 0, 1, 1], [[0, 1], [0, 1]], 0),  # constant
    ],
)
def test_few_patients(scores: list[float], targets: Any, patients: Any, matrix: Any, mixed: int) -> None:
    found = of_two(scores, targets, patients)
    assert found is not None
    assert (found.confusion_matrix, found.mixed) == (matrix, mixed)
    single = found.statistics["final_auroc_cm"] is None
    assert single == (0 in [sum(row) for row in matrix])
    assert found.statistics["final_auroc_cm_ci_low"] is None  # fewer than two of each class


def test_where_all_patients_are_mixed_several_classes_have_none() -> None:
    scores = np.full((4, 3), 1 / 3)
    split = evaluated(scores, np.array([0, 1, 1, 2]), patients=np.array([0, 0, 1, 1]))
    assert patient_statistics(split, list("abc"), None) is None


def test_very_many_classes_have_none() -> None:
    classes = MOST_CLASSES + 1
    targets = np.repeat(np.arange(classes), 2)
    split = evaluated(np.eye(classes)[targets], targets, patients=targets)
    assert patient_statistics(split, [str(label) for label in range(classes)], None) is None


def test_one_sample_more_changes_the_patient_alone() -> None:
    """The statistics of samples and those of patients differ where patients have unlike numbers of samples."""
    scores, targets, patients = [0.9, 0.9, 0.9, 0.9, 0.2, 0.6, 0.1], [1, 1, 1, 1, 1, 0, 0], [0, 0, 0, 0, 1, 2, 3]
    found = of_two(scores, targets, patients)
    _, rows = final_statistics(np.array(scores), np.array(targets), class_names=NO_YES, patients=np.array(patients))
    assert found is not None
    assert rows["final_sensitivity"] == 0.8
    assert found.statistics["final_sensitivity"] == 0.5


def test_intervals_of_patients_hold_the_true_value_as_often_as_they_say() -> None:
    """Of 60 drawn data sets with 40 patients; the benchmark has more of them, and the other scenarios."""
    held = coverage("40 x 5", 60, by_patient=True)
    assert len(held) == 16
    assert {name: share for name, share in held.items() if share < 0.88} == {}
