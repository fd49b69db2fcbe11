"""Added metrics, recomputed by scikit-learn or by hand from the same scores; what is undefined is a gap."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn import metrics as sk

from experiments.training.contract.metrics.metric_request import MetricRequest
from experiments.training.contract.reports import Message, Note
from experiments.training.metrics import inspection
from experiments.training.metrics.added import AddedMetric, AddedMetrics, NoValue, Scored, UnfitMetric, build

SINGLE = 2e-7  # the library counts exactly and divides in single precision
THRESHOLD = 0.4
Array = NDArray[Any]


def metric(name: str, classes: int, suffix: str | None = "b", **options: Any) -> AddedMetric:
    asked = MetricRequest.model_validate({"name": name, "options": options, "suffix": suffix})
    return AddedMetric(asked, classes=classes, threshold=THRESHOLD if classes == 2 else None)


def scored(classes: int, seed: int, size: int = 300) -> Scored:
    """Make scores that are right more often than not, some of them tied."""
    generator = np.random.default_rng(seed)
    targets = generator.integers(0, classes, size)
    logits = generator.normal(size=(size, classes)).round(1)
    logits[np.arange(size), targets] += 1
    scores = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return Scored(scores[:, 1] if classes == 2 else scores, targets)


def labels(found: Scored) -> Array:
    if found.scores.ndim == 1:
        return np.asarray(found.scores >= THRESHOLD, dtype=np.int64)
    return np.asarray(found.scores.argmax(axis=1))


def per_class(found: Scored, measure: Callable[..., float], **given: Any) -> float:
    """Average over the classes, each against the rest."""
    said = labels(found)
    return float(np.mean([measure(found.targets != k, said != k, **given) for k in range(found.scores.shape[1])]))


def calibration(found: Scored, bins: int, norm: str) -> float:
    """Compute it bin by bin: of two classes by the score of the positive one, of more by that of the predicted."""
    right = found.targets if found.scores.ndim == 1 else found.targets == labels(found)
    sure = found.scores if found.scores.ndim == 1 else found.scores.max(axis=1)
    gaps, shares = [], []
    for number in range(bins):
        low, high = number / bins, (number + 1) / bins
        inside = (sure >= low) & ((sure < high) | (number == bins - 1))
        if inside.any():
            gaps.append(abs(right[inside].mean() - sure[inside].mean()))
            shares.append(inside.mean())
    powers = {"l1": np.dot(gaps, shares), "l2": np.sqrt(np.dot(np.square(gaps), shares)), "max": np.max(gaps)}
    return float(powers[norm])


BINARY: dict[str, tuple[dict[str, Any], Callable[[Scored], float]]] = {
    "accuracy": ({}, lambda f: sk.accuracy_score(f.targets, labels(f))),
    "auroc": ({"max_fpr": 0.2}, lambda f: sk.roc_auc_score(f.targets, f.scores, max_fpr=0.2)),
    "average_precision": ({}, lambda f: sk.average_precision_score(f.targets, f.scores)),
    "calibration_error": ({"n_bins": 7, "norm": "l2"}, lambda f: calibration(f, 7, "l2")),
    "cohen_kappa": ({}, lambda f: sk.cohen_kappa_score(f.targets, labels(f))),
    "exact_match": ({}, lambda f: sk.accuracy_score(f.targets, labels(f))),
    "f1_score": ({"threshold": 0.7}, lambda f: sk.f1_score(f.targets, f.scores >= 0.7)),
    "fbeta_score": ({"beta": 2}, lambda f: sk.fbeta_score(f.targets, labels(f), beta=2)),
    "hamming_distance": ({}, lambda f: sk.hamming_loss(f.targets, labels(f))),
    "hinge_loss": ({}, lambda f: np.mean(np.maximum(0, 1 - np.where(f.targets, f.scores, -f.scores)))),
    "jaccard_index": ({}, lambda f: sk.jaccard_score(f.targets, labels(f))),
    "matthews_corrcoef": ({}, lambda f: sk.matthews_corrcoef(f.targets, labels(f))),
    "negative_predictive_value": ({}, lambda f: sk.precision_score(f.targets, labels(f), pos_label=0)),
    "precision": ({}, lambda f: sk.precision_score(f.targets, labels(f))),
    "recall": ({}, lambda f: sk.recall_score(f.targets, labels(f))),
    "specificity": ({}, lambda f: sk.recall_score(f.targets, labels(f), pos_label=0)),
}
MULTICLASS: dict[str, tuple[dict[str, Any], Callable[[Scored], float]]] = {
    "accuracy": ({"average": "micro"}, lambda f: sk.accuracy_score(f.targets, labels(f))),
    "auroc": ({}, lambda f: sk.roc_auc_score(f.targets, f.scores, multi_class="ovr")),
    "average_precision": (
        {},
        lambda f: np.mean([sk.average_precision_score(f.targets == k, f.scores[:, k]) for k in range(4)]),
    ),
    "calibration_error": ({"n_bins": 10}, lambda f: calibration(f, 10, "l1")),
    "cohen_kappa": (
        {"weights": "quadratic"},
        lambda f: sk.cohen_kappa_score(f.targets, labels(f), weights="quadratic"),
    ),
    "exact_match": ({}, lambda f: sk.accuracy_score(f.targets, labels(f))),
    "fbeta_score": (
        {"beta": 0.5, "average": "weighted"},
        lambda f: sk.fbeta_score(f.targets, labels(f), beta=0.5, average="weighted"),
    ),
    "hamming_distance": ({"average": "micro"}, lambda f: sk.hamming_loss(f.targets, labels(f))),
    "jaccard_index": ({}, lambda f: sk.jaccard_score(f.targets, labels(f), average="macro")),
    "matthews_corrcoef": ({}, lambda f: sk.matthews_corrcoef(f.targets, labels(f))),
    "negative_predictive_value": ({}, lambda f: per_class(f, sk.precision_score)),
    "recall": ({"top_k": 2, "average": "micro"}, lambda f: sk.top_k_accuracy_score(f.targets, f.scores, k=2)),
    "specificity": ({}, lambda f: per_class(f, sk.recall_score)),
}


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", BINARY)
def test_two_classes_as_scikit_learn_computes_them(name: str, seed: int) -> None:
    options, reference = BINARY[name]
    found = scored(2, seed)
    assert metric(name, 2, **options).value(found) == pytest.approx(reference(found), rel=SINGLE)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", MULTICLASS)
def test_four_classes_as_scikit_learn_computes_them(name: str, seed: int) -> None:
    options, reference = MULTICLASS[name]
    found = scored(4, seed, size=301)
    if name == "recall":  # ties at the second place may be broken either way
        found = Scored(found.scores + np.random.default_rng(seed).random(found.scores.shape) * 1e-6, found.targets)
    rounding = 1e-6 if name == "calibration_error" else 0.0  # there the library rounds the scores too
    assert metric(name, 4, **options).value(found) == pytest.approx(reference(found), rel=SINGLE, abs=rounding)


def test_a_score_at_the_threshold_is_positive_as_in_all_other_numbers() -> None:
    """The library itself takes only higher ones."""
    found = Scored(np.array([THRESHOLD, 0.1]), np.array([1, 0]))
    assert metric("recall", 2).value(found) == 1.0
    assert metric("recall", 2, threshold=0.1).value(found) == 1.0
    assert metric("specificity", 2, threshold=0.1).value(found) == 0.0
    assert metric("exact_match", 2).value(found) == 1.0


def test_numbers_of_single_precision_have_no_further_digits() -> None:
    found = Scored(np.full(10, 0.9), np.array([1] * 9 + [0]))
    assert metric("accuracy", 2).value(found) == 0.9


def test_a_score_of_1_is_in_the_last_bin() -> None:
    found = Scored(np.array([1.0, 1.0, 1.0, 0.95]), np.array([1, 1, 0, 1]))
    assert metric("calibration_error", 2, n_bins=1).value(found) == pytest.approx(abs(0.75 - 0.9875), rel=1e-12)
    sure = np.column_stack([found.scores, 1 - found.scores, np.zeros(4)])
    value = metric("calibration_error", 3, n_bins=1).value(Scored(sure, 1 - found.targets))
    assert value == pytest.approx(abs(0.75 - 0.9875), abs=1e-6)


ONES, ZEROS = np.ones(4, dtype=np.int64), np.zeros(4, dtype=np.int64)
HIGH, LOW, MIXED = np.full(4, 0.9), np.full(4, 0.1), np.array([0.9, 0.8, 0.2, 0.1])
BOTH = np.array([1, 0, 1, 0])


@pytest.mark.parametrize(
    ("name", "scores", "targets", "why"),
    [
        ("auroc", MIXED, ONES, "no samples of class 0"),
        ("eer", MIXED, ONES, "no samples of class 0"),
        ("logauc", MIXED, ZEROS, "no samples of class 1"),
        ("average_precision", MIXED, ZEROS, "no samples of class 1"),
        ("specificity", MIXED, ONES, "no samples of class 0"),
        ("recall", MIXED, ZEROS, "no samples of class 1"),
        ("precision", LOW, BOTH, "no sample is predicted as class 1"),
        ("negative_predictive_value", HIGH, BOTH, "no sample is predicted as class 0"),
        ("f1_score", LOW, ZEROS, "no samples of class 1, and none is predicted as it"),
        ("jaccard_index", LOW, ZEROS, "no samples of class 1, and none is predicted as it"),
        ("matthews_corrcoef", LOW, BOTH, "all samples, or all predictions, are of one class"),
        ("matthews_corrcoef", MIXED, ZEROS, "all samples, or all predictions, are of one class"),
        ("cohen_kappa", HIGH, ONES, "all samples and all predictions are of one class"),
    ],
)
def test_what_is_not_defined_has_no_value(name: str, scores: Array, targets: Array, why: str) -> None:
    with pytest.raises(NoValue, match=why):
        metric(name, 2).value(Scored(scores, targets))


def test_what_is_defined_has_one_at_the_edge_too() -> None:
    assert metric("recall", 2).value(Scored(LOW, BOTH)) == 0.0
    assert metric("precision", 2).value(Scored(HIGH, ZEROS)) == 0.0
    assert metric("average_precision", 2).value(Scored(MIXED, ONES)) == 1.0
    assert metric("hamming_distance", 2).value(Scored(LOW, ZEROS)) == 0.0
    assert metric("cohen_kappa", 2).value(Scored(HIGH, BOTH)) == 0.0
    assert metric("precision", 2, zero_division=1).value(Scored(LOW, BOTH)) == 1.0


def test_a_class_without_samples_leaves_a_ranking_without_value() -> None:
    """The library counts its area as 0."""
    found = scored(3, 1)
    without = Scored(found.scores[found.targets < 2], found.targets[found.targets < 2])
    with pytest.raises(NoValue, match="no samples of class 2"):
        metric("auroc", 3).value(without)
    assert metric("average_precision", 3).value(without) == pytest.approx(
        np.mean([sk.average_precision_score(without.targets == k, without.scores[:, k]) for k in (0, 1)]), rel=SINGLE
    )
    with pytest.raises(NoValue, match="all samples are of one class"):
        metric("average_precision", 3).value(
            Scored(found.scores[found.targets == 0], found.targets[found.targets == 0])
        )


def test_an_ignored_class_counts_nowhere() -> None:
    found = scored(3, 2)
    kept = found.targets != 2
    said = labels(found)[kept]
    expected = sk.matthews_corrcoef(found.targets[kept], said)
    assert metric("matthews_corrcoef", 3, ignore_index=2).value(found) == pytest.approx(expected, rel=1e-12)
    with pytest.raises(NoValue, match="no samples of class 1"):
        metric("auroc", 2, ignore_index=1).value(Scored(MIXED, BOTH))


def test_a_correlation_of_very_uneven_classes_keeps_its_digits() -> None:
    targets = np.zeros(2_000_000, dtype=np.int64)
    targets[:3] = 1
    scores = np.full(len(targets), 0.1)
    scores[[0, 1, 10]] = 0.9
    value = metric("matthews_corrcoef", 2).value(Scored(scores, targets))
    assert value == pytest.approx(2 / 3, rel=1e-6)
    assert value == pytest.approx(sk.matthews_corrcoef(targets, scores >= 0.5), rel=1e-12)


def numbers(added: AddedMetrics, scores: Array, targets: Array, epoch: int = 0) -> dict[str, Any]:
    return added.numbers("val", scores, targets, where=f"epoch {epoch}")


def texts(messages: list[Message]) -> list[str]:
    return [message.text for message in messages if isinstance(message, Note)]


def test_a_gap_is_noted_once_and_the_others_go_on() -> None:
    messages: list[Message] = []
    asked = [MetricRequest.model_validate(name) for name in ("matthews_corrcoef", "hamming_distance")]
    added = build(asked, classes=2, threshold=0.5, report=messages.append)
    assert numbers(added, LOW, BOTH) == {"val_matthews_corrcoef": None, "val_hamming_distance": 0.5}
    assert numbers(added, LOW, BOTH, epoch=1)["val_matthews_corrcoef"] is None
    assert numbers(added, MIXED, np.array([1, 1, 0, 0]), epoch=2)["val_matthews_corrcoef"] == 1.0
    assert texts(messages) == [
        "val_matthews_corrcoef has no value in epoch 0: all samples, or all predictions, are of one class. "
        "Its curve has a gap where that is so."
    ]


def test_whatever_a_library_raises_is_a_gap(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    messages: list[Message] = []
    asked = [MetricRequest.model_validate(name) for name in ("cohen_kappa", "hamming_distance")]
    added = build(asked, classes=2, threshold=0.5, report=messages.append)

    def broken(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError("words of a library")

    monkeypatch.setattr(added._metrics[0], "_form", broken)
    assert numbers(added, MIXED, BOTH) == {"val_cohen_kappa": None, "val_hamming_distance": 0.5}
    assert numbers(added, MIXED, BOTH)["val_cohen_kappa"] is None
    [text] = texts(messages)
    assert text.startswith("val_cohen_kappa has no value in epoch 0: torchmetrics failed (ZeroDivisionError;")
    assert "words of a library" not in text
    assert "words of a library" in capsys.readouterr().err


def test_scores_that_are_not_finite_have_no_numbers_and_no_note_of_their_own() -> None:
    """The library would take them for logits, and NaN for the highest score."""
    messages: list[Message] = []
    added = build([MetricRequest.model_validate("cohen_kappa")], classes=2, threshold=0.5, report=messages.append)
    assert numbers(added, np.array([0.1, np.nan, 0.3, 0.4]), BOTH) == {"val_cohen_kappa": None}
    assert numbers(added, np.empty(0), np.empty(0, dtype=np.int64)) == {"val_cohen_kappa": None}
    assert messages == []


def test_an_option_without_meaning_for_these_classes_is_said() -> None:
    messages: list[Message] = []
    asked = MetricRequest.model_validate({"name": "fbeta_score", "options": {"beta": 2, "average": "micro"}})
    build([asked], classes=2, threshold=0.5, report=messages.append)
    assert texts(messages) == [
        "callbacks.metrics.0: average means nothing to fbeta_score with two classes, and is not used."
    ]
    messages.clear()
    build([asked], classes=3, threshold=None, report=messages.append)
    assert messages == []


@pytest.mark.parametrize(
    ("asked", "classes", "words"),
    [
        ("eer", 3, "callbacks.metrics.0: eer gives several numbers with 3 classes; set its option average to micro or"),
        (
            {"name": "sensitivity_at_specificity", "options": {"min_specificity": 0.9}},
            3,
            "callbacks.metrics.0: sensitivity_at_specificity gives several numbers with 3 classes; leave it out.",
        ),
        (
            {"name": "accuracy", "options": {"top_k": 4}},
            3,
            "callbacks.metrics.0: accuracy cannot be computed with these options for 3 classes",
        ),
    ],
)
def test_what_does_not_fit_the_classes_is_refused_before_training(asked: Any, classes: int, words: str) -> None:
    with pytest.raises(UnfitMetric) as caught:
        build([MetricRequest.model_validate(asked)], classes=classes, threshold=None, report=lambda _message: None)
    assert str(caught.value).startswith(words)


def test_very_many_classes_are_tried_on_a_few_samples() -> None:
    assert inspection.samples("multiclass", 20_000)["preds"].shape == (400, 20_000)
    metric("cohen_kappa", 5_000).check()


def test_every_function_with_a_threshold_gets_labels() -> None:
    """So that the run's own rule for a score at the threshold holds everywhere."""
    listed = inspection.catalogue()
    for name in listed.usable():
        taken = [option.name for option in listed.metrics[name].options.get("binary", [])]
        options: dict[str, Any] = {option: 0.5 for option in taken if option == "beta" or option.startswith("min_")}
        assert metric(name, 2, **options)._by_labels == ("threshold" in taken or not taken), name
