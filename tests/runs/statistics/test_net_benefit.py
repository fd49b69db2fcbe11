"""The decision curve, against a plain loop over scikit-learn's confusion matrices."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.metrics import confusion_matrix

from runs.statistics.net_benefit import HIGHEST, decision_curve, net_benefit


def reference(probabilities: Any, positive: Any, threshold: float) -> float:
    _, false, _, true = confusion_matrix(positive, probabilities >= threshold, labels=[False, True]).ravel().tolist()
    return float((true - false * threshold / (1 - threshold)) / len(positive))


@pytest.mark.parametrize("digits", [16, 2, 1])
@pytest.mark.parametrize("share", [0.03, 0.3, 0.9])
def test_each_point_is_that_of_the_confusion_matrix(digits: int, share: float) -> None:
    random = np.random.default_rng(digits)
    positive = random.random(400) < share
    probabilities = np.round(np.clip(random.beta(1, 3, 400) + 0.2 * positive, 0, 1), digits)
    found = decision_curve(probabilities, positive)
    expected = [reference(probabilities, positive, threshold) for threshold in found.thresholds.tolist()]
    assert found.model == pytest.approx(expected, rel=1e-14, abs=1e-15)
    everybody = [reference(np.ones(400), positive, threshold) for threshold in found.thresholds.tolist()]
    assert found.treat_all == pytest.approx(everybody, rel=1e-14, abs=1e-15)


def test_by_hand() -> None:
    """Of ten, two positive: 0.2 calls both and two others, so (2 - 2 x 0.25) / 10."""
    positive = np.array([True, True] + [False] * 8)
    probabilities = np.array([0.2, 0.9, 0.2, 0.3] + [0.1] * 6)
    assert net_benefit(probabilities, positive, np.array([0.0, 0.2, 0.5])) == pytest.approx([0.2, 0.15, 0.1])


def test_acting_for_all_has_no_benefit_from_the_prevalence_on() -> None:
    positive = np.arange(100) < 25
    found = decision_curve(np.full(100, 0.25), positive)
    assert found.treat_all[0] == 0.25
    assert np.interp(0.25, found.thresholds, found.treat_all) == pytest.approx(0, abs=1e-12)
    assert found.model[found.thresholds > 0.25].tolist() == [0.0] * int((found.thresholds > 0.25).sum())


@pytest.mark.parametrize(
    ("highest", "share", "last"), [(0.12, 0.02, 0.15), (0.12, 0.2, 0.4), (1.0, 0.2, HIGHEST), (0.3, 0.9, HIGHEST)]
)
def test_the_range_has_what_is_worth_seeing(highest: float, share: float, last: float) -> None:
    positive = np.arange(100) < 100 * share
    found = decision_curve(np.full(100, highest), positive)
    assert found.thresholds[0] == 0
    assert found.thresholds[-1] == pytest.approx(last)
    assert np.isfinite(found.model).all()
    assert np.isfinite(found.treat_all).all()


@pytest.mark.parametrize("positive", [True, False])
def test_one_class_alone(positive: bool) -> None:
    found = decision_curve(np.array([0.2, 0.6]), np.array([positive] * 2))
    assert found.model[0] == found.treat_all[0] == float(positive)


def test_a_perfect_model_has_the_prevalence() -> None:
    positive = np.arange(50) % 5 == 0
    found = decision_curve(positive.astype(np.float64), positive)
    assert found.model[1:] == pytest.approx(np.full(len(found.model) - 1, 0.2))
