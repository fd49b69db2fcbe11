"""Where torchmetrics and Livetrain's own numbers agree, and each case where they do not: the reference page's table.

A new version of the library that computes something else makes one of these tests fail: then the table changes, or one
of our own numbers is no longer needed.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
import torchmetrics
from numpy.typing import NDArray
from sklearn import metrics as sk
from torchmetrics.functional import classification as theirs

from experiments.training.callbacks.steps import Steps
from experiments.training.metrics import counting
from runs.statistics import matrix_statistics, score_statistics
from runs.statistics.calibration.calibration_error import Binned
from runs.statistics.predictions import predicted_classes, scores_from_logits
from runs.statistics.roc import auroc
from runs.statistics.score_statistics import epoch_metrics
from tests.documentation import section, table

Array = NDArray[Any]
TITLE = "Beside torchmetrics"


def ours(scores: Any, targets: Any, threshold: float | None = None) -> dict[str, float | None]:
    found = epoch_metrics("val", loss=None, scores=np.array(scores), targets=np.array(targets), threshold=threshold)
    return {name.removeprefix("val_"): value for name, value in found.items()}


def data(classes: int, seed: int, size: int = 200) -> tuple[Array, Array]:
    generator = np.random.default_rng(seed)
    logits = generator.normal(size=(size, classes)).round(1)
    targets = generator.integers(0, classes, size)
    scores = scores_from_logits(logits[:, 0] if classes == 2 else logits)
    return scores, targets


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("classes", [2, 3, 20])
def test_the_library_counts_as_we_do(classes: int, seed: int) -> None:
    """Exactly: so every run's epochs are counted by it."""
    scores, targets = data(classes, seed, size=50)
    predicted = predicted_classes(scores, 0.5 if classes == 2 else None)
    found = counting.confusion_matrix(targets, predicted, classes)
    assert found.dtype == np.int64
    assert found.tolist() == score_statistics.confusion_matrix(targets, predicted, classes).tolist()
    assert found.tolist() == sk.confusion_matrix(targets, predicted, labels=range(classes)).tolist()


def test_the_library_counts_nothing_and_a_single_sample() -> None:
    nothing = np.empty(0, dtype=np.int64)
    assert counting.confusion_matrix(nothing, nothing, 3).tolist() == [[0] * 3] * 3
    assert counting.confusion_matrix(np.array([2]), np.array([0]), 3).tolist() == [[0, 0, 0], [0, 0, 0], [1, 0, 0]]


@pytest.mark.parametrize("seed", range(5))
def test_two_classes_agree_within_single_precision(seed: int) -> None:
    scores, targets = data(2, seed)
    x, y = torch.from_numpy(scores), torch.from_numpy(targets)
    library = {
        "acc": theirs.binary_accuracy(x, y, threshold=0.45),
        "precision": theirs.binary_precision(x, y, threshold=0.45),
        "recall": theirs.binary_recall(x, y, threshold=0.45),
        "f1": theirs.binary_f1_score(x, y, threshold=0.45),
        "auroc": theirs.binary_auroc(x, y),
    }
    found = ours(scores, targets, 0.45)
    assert {name: found[name] for name in library} == pytest.approx(
        {name: float(value) for name, value in library.items()}, rel=1e-6
    )


@pytest.mark.parametrize("seed", range(5))
def test_more_classes_agree_within_single_precision_where_every_class_occurs(seed: int) -> None:
    scores, targets = data(4, seed)
    x, y = torch.from_numpy(scores), torch.from_numpy(targets)
    library = {
        "acc": theirs.multiclass_accuracy(x, y, num_classes=4, average="micro"),
        "precision": theirs.multiclass_precision(x, y, num_classes=4),
        "recall": theirs.multiclass_recall(x, y, num_classes=4),
        "f1": theirs.multiclass_f1_score(x, y, num_classes=4),
        "auroc": theirs.multiclass_auroc(x, y, num_classes=4),
    }
    found = ours(scores, targets)
    assert {name: found[name] for name in library} == pytest.approx(
        {name: float(value) for name, value in library.items()}, rel=1e-6
    )


def digits() -> None:
    targets = torch.tensor([1] * 9 + [0])
    assert theirs.binary_accuracy(torch.ones(10, dtype=torch.long), targets).item() != 0.9
    assert ours([0.9] * 10, targets.tolist())["acc"] == 0.9


def quotients() -> None:
    assert theirs.binary_precision(torch.tensor([0, 0]), torch.tensor([1, 0])) == 0
    assert ours([0.1, 0.1], [1, 0])["precision"] is None
    assert theirs.binary_specificity(torch.tensor([1, 0]), torch.tensor([1, 1])) == 0
    assert matrix_statistics.matrix_statistics([[0, 0], [1, 1]], ["a", "b"])["final_specificity"] is None


def threshold() -> None:
    assert theirs.binary_recall(torch.tensor([0.5]), torch.tensor([1])) == 0
    assert ours([0.5], [1])["recall"] == 1


def one_class() -> None:
    for label in (0, 1):
        with pytest.warns(UserWarning, match=r"No (posi|nega)tive samples in targets"):
            assert theirs.binary_auroc(torch.tensor([0.1, 0.9]), torch.tensor([label, label])) == 0
        assert ours([0.1, 0.9], [label, label])["auroc"] is None


def absent_class() -> None:
    scores = [[0.8, 0.1, 0.1], [0.2, 0.7, 0.1], [0.7, 0.2, 0.1], [0.1, 0.8, 0.1]]
    targets = [0, 1, 0, 1]
    with pytest.warns(UserWarning, match="No positive samples"):
        found = theirs.multiclass_auroc(torch.tensor(scores), torch.tensor(targets), num_classes=3)
    assert found.item() == pytest.approx(2 / 3)
    assert ours(scores, targets)["auroc"] == 1


def not_a_number() -> None:
    scores, targets = [0.1, 0.2, float("nan"), float("nan")], [0, 0, 1, 1]
    assert theirs.binary_auroc(torch.tensor(scores), torch.tensor(targets)) == 1
    assert ours(scores, targets)["auroc"] is None


def low_precision() -> None:
    """Logits near 8, which differ by less than bfloat16 sees in their sigmoid."""
    generator = torch.Generator().manual_seed(0)
    targets = torch.arange(2000) % 2
    logits = (torch.randn(2000, generator=generator) * 0.02 + targets * 0.02 + 8).bfloat16()
    exact = sk.roc_auc_score(targets, logits.float())
    assert exact > 0.67
    assert theirs.binary_auroc(logits, targets) == 0.5
    steps = Steps()
    steps.add({"loss": torch.tensor(0.0), "logits": logits, "target": targets})
    assert auroc(steps.scores(), steps.targets() == 1) == pytest.approx(exact, abs=1e-9)


def saturation() -> None:
    """Logits near 15, whose sigmoids are alike in single precision."""
    generator = torch.Generator().manual_seed(0)
    targets = torch.arange(2000) % 2
    logits = 3 * (torch.randn(2000, generator=generator) + 2 * targets + 5)
    exact = sk.roc_auc_score(targets, logits)
    assert exact - theirs.binary_auroc(logits, targets).item() > 0.05
    scores = scores_from_logits(logits.numpy())
    assert auroc(scores, targets.numpy() == 1) == pytest.approx(exact, abs=1e-6)


def constant_correlation() -> None:
    targets = torch.tensor([0] * 9 + [1])
    for label, value in ((0, 0.843), (1, -0.843)):
        predicted = torch.full((10,), label)
        assert theirs.binary_matthews_corrcoef(predicted, targets).item() == pytest.approx(value, abs=0.001)
        matrix = score_statistics.confusion_matrix(targets.numpy(), predicted.numpy(), 2).tolist()
        assert matrix_statistics.mcc(matrix) is None


def uneven_correlation() -> None:
    targets, predicted = (torch.zeros(2_000_000, dtype=torch.long) for _ in range(2))
    targets[:3], predicted[:2], predicted[10] = 1, 1, 1
    exact = sk.matthews_corrcoef(targets, predicted)
    assert abs(theirs.binary_matthews_corrcoef(predicted, targets).item() - exact) > 0.005
    matrix = score_statistics.confusion_matrix(targets.numpy(), predicted.numpy(), 2).tolist()
    assert matrix_statistics.mcc(matrix) == pytest.approx(exact, rel=1e-12)


def calibration_of_1() -> None:
    x, y = torch.tensor([1.0, 1.0, 1.0, 0.95]), torch.tensor([1, 1, 0, 1])
    assert theirs.binary_calibration_error(x, y, n_bins=1).item() == pytest.approx(0.75 / 3 + 0.05 / 4)
    assert theirs.binary_calibration_error(x - 1e-6, y, n_bins=1).item() == pytest.approx(0.2375, abs=1e-5)


def calibrated_score() -> None:
    x, y = torch.tensor([0.1, 0.1]), torch.tensor([0, 0])
    assert theirs.binary_calibration_error(x, y, n_bins=10).item() == pytest.approx(0.1)
    assert Binned(np.array([0.1, 0.1]), np.array([False, False])).error() == pytest.approx(0.1)
    x, y = torch.tensor([0.1, 0.12]), torch.tensor([1, 0])  # one bin of equal width, but two of equally many
    assert theirs.binary_calibration_error(x, y, n_bins=2).item() == pytest.approx(0.5 - 0.11)
    found = Binned(x.double().numpy(), y.numpy() == 1).error()
    assert found == pytest.approx((0.9 + 0.12) / 2)


def macro_accuracy() -> None:
    predicted, targets = torch.tensor([0, 0, 0, 1]), torch.tensor([0, 0, 0, 0])
    assert theirs.multiclass_accuracy(predicted, targets, num_classes=3).item() == 0.375
    assert theirs.multiclass_accuracy(predicted, targets, num_classes=3, average="micro").item() == 0.75
    assert theirs.multiclass_hamming_distance(predicted, targets, num_classes=3).item() == 0.625
    assert matrix_statistics.accuracy([[3, 1, 0], [0, 0, 0], [0, 0, 0]]) == 0.75


def macro_leaves_out() -> None:
    """Predict a third class that no sample has: the library counts its precision of 0."""
    predicted, targets = torch.tensor([0, 1, 0, 2]), torch.tensor([0, 1, 0, 0])
    found = theirs.multiclass_precision(predicted, targets, num_classes=3)
    assert found.item() == pytest.approx((1 + 1 + 0) / 3)
    matrix = score_statistics.confusion_matrix(targets.numpy(), predicted.numpy(), 3).tolist()
    final = matrix_statistics.matrix_statistics(matrix, ["a", "b", "c"])
    assert final["final_precision_cm"] == pytest.approx((1 + 1) / 2)


def unchecked_options() -> None:
    x, y = torch.tensor([0.1, 0.4, 0.35, 0.8]), torch.tensor([0, 0, 1, 1])
    assert theirs.binary_auroc(x, y, max_fpr=-1.0).item() == pytest.approx(2 / 3)
    assert theirs.binary_precision_at_fixed_recall(x, y, min_recall=5.0)[0] == 0
    assert theirs.binary_auroc(x, y, thresholds=[0.9, 0.1]).item() == -0.5


DIFFERENCES = {
    "digits": digits,
    "0/0": quotients,
    "a score at the threshold": threshold,
    "AUROC of one class": one_class,
    "AUROC of a class without samples": absent_class,
    "scores that are not finite": not_a_number,
    "logits in bfloat16": low_precision,
    "high logits in single precision": saturation,
    "Matthews correlation of one class": constant_correlation,
    "Matthews correlation of very uneven classes": uneven_correlation,
    "calibration error, scores of 1": calibration_of_1,
    "calibration error, two classes": calibrated_score,
    "accuracy and Hamming distance of several classes": macro_accuracy,
    "macro averages": macro_leaves_out,
    "options out of range": unchecked_options,
}


@pytest.mark.parametrize("name", DIFFERENCES)
def test_each_difference_is_as_the_reference_page_says(name: str) -> None:
    DIFFERENCES[name]()


def test_the_reference_page_has_all_of_them_and_their_version() -> None:
    assert [cells[0] for cells in table("reference/metrics", TITLE)] == list(DIFFERENCES)
    assert f"torchmetrics {torchmetrics.__version__}" in section("reference/metrics", TITLE)
