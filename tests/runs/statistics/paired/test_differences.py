"""Differences of final statistics against a naive loop over scikit-learn; at the edges, and in simulated noise."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy.stats import t
from sklearn import metrics

from runs.statistics.evaluated import Evaluated
from runs.statistics.paired.differences import Network, PairedNumber, paired_number
from runs.statistics.paired.drawn_numbers import NAMES, drawn_numbers, shared_resampling
from runs.statistics.predictions import evaluated, scores_from_logits

RNG = np.random.default_rng(13)
OF_TWO: dict[str, Callable[[Any, Any, Any], float]] = {
    "auroc": lambda y, s, _: metrics.roc_auc_score(y, s),
    "average_precision": lambda y, s, _: metrics.average_precision_score(y, s),
    "recall": lambda y, _, p: metrics.recall_score(y, p),
    "specificity": lambda y, _, p: metrics.recall_score(1 - y, 1 - p),
    "precision": lambda y, _, p: metrics.precision_score(y, p),
    "npv": lambda y, _, p: metrics.precision_score(1 - y, 1 - p),
    "f1": lambda y, _, p: metrics.f1_score(y, p),
    "accuracy": lambda y, _, p: metrics.accuracy_score(y, p),
    "balanced_accuracy": lambda y, _, p: metrics.balanced_accuracy_score(y, p),
    "mcc": lambda y, _, p: metrics.matthews_corrcoef(y, p),
    "brier": lambda y, s, _: metrics.brier_score_loss(y, s),
    "log_loss": lambda y, s, _: metrics.log_loss(y, s),
}
OF_MANY: dict[str, Callable[[Any, Any, Any], float]] = {
    "auroc": lambda y, s, _: metrics.roc_auc_score(y, s, multi_class="ovr", average="macro"),
    "recall": lambda y, _, p: metrics.recall_score(y, p, average="macro"),
    "precision": lambda y, _, p: metrics.precision_score(y, p, average="macro", zero_division=0),
    "f1": lambda y, _, p: metrics.f1_score(y, p, average="macro"),
    "accuracy": lambda y, _, p: metrics.accuracy_score(y, p),
    "mcc": lambda y, _, p: metrics.matthews_corrcoef(y, p),
    "log_loss": lambda y, s, _: metrics.log_loss(y, s),
}


def two(size: int, shift: float = 1.0, patients: Any = None, thresholds: Any = (0.5, 0.4)) -> list[Evaluated]:
    """Make two networks' scores of the same samples; logits are known of the first."""
    targets = (np.arange(size) % 3 == 0).astype(np.int64)
    shared = RNG.normal(size=size) if patients is None else RNG.normal(size=patients.max() + 1)[patients]
    found: list[Evaluated] = []
    for threshold, add in zip(thresholds, (shift, 0.0), strict=True):
        logits = np.round((2 + add) * (targets - 0.5) + shared + RNG.normal(size=size), 2)
        known = {"logits": logits} if not found else {}
        scores = scores_from_logits(logits)
        found.append(evaluated(scores, targets, threshold=threshold, patients=patients, **known))
    return found


def compared(splits: list[Evaluated], classes: int = 2, names: Any = NAMES) -> dict[str, PairedNumber]:
    plan = shared_resampling(splits[0], classes, 2)
    first, second = (Network(split, drawn_numbers(split, classes, plan)) for split in splits)
    return {name: paired_number(name, first, second, plan) for name in names}


@pytest.mark.parametrize("by_patient", [False, True])
def test_each_number_is_that_of_a_naive_paired_bootstrap(by_patient: bool) -> None:
    patients = np.arange(90) // 3 if by_patient else None
    splits = two(90, patients=patients)
    plan = shared_resampling(splits[0], 2, 2)
    networks = [Network(split, drawn_numbers(split, 2, plan)) for split in splits]
    targets, units = splits[0].targets, plan.units
    rows = [weights for block in plan.blocks() for weights in plan.weights(block)][:1001]
    assert len(networks[0].drawn["f1"]) == len(rows)
    for place in (0, 1, 2, 700, 1000):
        drawn = np.repeat(np.arange(90), rows[place][units])
        for network in networks:
            for name, naive in OF_TWO.items():
                expected = naive(targets[drawn], network.split.scores[drawn], network.split.predicted[drawn])
                assert network.drawn[name][place] == pytest.approx(expected, abs=1e-12), name
    found = paired_number("f1", networks[0], networks[1], plan)
    people = len(np.unique(units))
    ill = min(len(np.unique(units[targets == label])) for label in (0, 1))
    error = np.std((networks[0].drawn["f1"] - networks[1].drawn["f1"])[1:], ddof=1) * (people / (people - 1)) ** 0.5
    assert found.first is not None
    assert found.second is not None
    value = found.first - found.second
    half = t.ppf(0.975, ill - 1) * error
    assert (found.difference, found.low, found.high) == pytest.approx((value, value - half, value + half))
    assert found.p == pytest.approx(2 * t.sf(abs(value) / error, ill - 1))


def test_several_classes_are_compared_by_their_averages() -> None:
    targets = np.arange(120) % 4
    splits = []
    for strength in (2.0, 1.0):
        logits = RNG.normal(size=(120, 4)) + strength * np.eye(4)[targets]
        splits.append(evaluated(scores_from_logits(logits), targets, logits=logits))
    found = compared(splits, classes=4)
    for place, split in enumerate(splits):
        for name, naive in OF_MANY.items():
            value = (found[name].first, found[name].second)[place]
            assert value == pytest.approx(naive(targets, split.scores, split.predicted), abs=1e-12), name
    assert found["auroc"].method == "bootstrap"
    assert found["accuracy"].method == "mcnemar_exact"
    for name in ("auroc", "f1", "log_loss", "accuracy"):
        assert found[name].p < 0.05, name  # type: ignore[operator]


def test_the_error_of_a_mean_is_the_known_one() -> None:
    """The Brier score is a mean: its difference has the standard error of the mean of the paired differences."""
    first, second = two(400)
    errors = (first.scores - first.targets) ** 2 - (second.scores - second.targets) ** 2
    found = compared([first, second], names=("brier",))["brier"]
    assert found.high is not None
    half = t.ppf(0.975, 133) * errors.std(ddof=1) / 20
    assert found.difference == pytest.approx(errors.mean())
    assert found.high - errors.mean() == pytest.approx(half, rel=0.07)  # 1,000 draws


def test_the_same_network_differs_in_nothing() -> None:
    [split, _] = two(60)
    for name, found in compared([split, split]).items():
        assert (found.difference, found.p) == (0, 1), name
        assert found.low is None or found.low <= 0 <= found.high, name  # type: ignore[operator]


def test_perfect_against_constant_and_all_wrong() -> None:
    targets = np.array([0, 1] * 20)
    perfect = evaluated(np.where(targets == 1, 0.9, 0.1), targets)
    for scores in (np.full(40, 0.2), np.where(targets == 1, 0.1, 0.9)):
        found = compared([perfect, evaluated(scores, targets)])
        assert found["recall"].difference == 1
        assert 0 < found["recall"].low < 1 == found["recall"].high  # type: ignore[operator]
        assert found["recall"].p < 1e-5  # type: ignore[operator]
        assert found["accuracy"].p < 1e-5  # type: ignore[operator]
        assert found["auroc"].low > 0  # type: ignore[operator]
    assert compared([perfect, evaluated(np.full(40, 0.2), targets)])["mcc"].difference is None  # 0/0 of one


@pytest.mark.parametrize("targets", [[1], [0], [1, 1, 1, 1], [0, 1], [0, 1, 0, 1, 0]])
def test_too_few_samples_tell_nothing(targets: list[int]) -> None:
    labels = np.array(targets)
    size = len(labels)
    splits = [evaluated(np.linspace(0.3, 0.9, size), labels), evaluated(np.linspace(0.8, 0.2, size), labels)]
    for name, found in compared(splits).items():
        assert found.p is None or found.p > 0.05, name
        assert found.low is None or found.low <= 0 <= found.high, name  # type: ignore[operator]


@pytest.mark.parametrize("by_patient", [False, True])
def test_noise_is_rarely_taken_for_a_difference(by_patient: bool) -> None:
    """Of two equally good networks, alarms at 5 % over 150 splits of 40 patients, number by number."""
    patients = np.repeat(np.arange(40), 3) if by_patient else None
    names = ("auroc", "average_precision", "f1", "accuracy", "balanced_accuracy", "mcc", "brier", "log_loss")
    alarms = dict.fromkeys(names, 0)
    for _ in range(150):
        found = compared(two(120 if by_patient else 60, 0.0, patients, (0.5, 0.5)), names=names)
        for name, number in found.items():
            alarms[name] += number.p is not None and number.p < 0.05
    assert max(alarms.values()) <= 0.12 * 150, alarms  # 18 of 150: 5 % give as many in 1 of 3,000 trials
    assert sum(alarms.values()) <= 0.07 * 150 * len(names), alarms


def test_most_real_differences_are_shown() -> None:
    shown = dict.fromkeys(("auroc", "average_precision", "f1", "brier", "log_loss"), 0)
    for _ in range(30):
        for name, number in compared(two(150, 2.5), names=shown).items():
            shown[name] += number.p is not None and number.p < 0.05
    assert min(shown.values()) >= 24, shown
