"""The parts of the Brier score against scikit-learn's isotonic regression, and where they are known by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import sklearn.metrics as sk
from sklearn.isotonic import IsotonicRegression

from runs.statistics.calibration.brier_decomposition import NAMES, brier_decomposition, brier_parts
from runs.statistics.predictions import evaluated
from runs.statistics.score_statistics import final_statistics


def parts(scores: Any, targets: Any) -> list[float]:
    split = evaluated(np.array(scores, dtype=np.float64), np.array(targets))
    labels = [1] if split.scores.ndim == 1 else range(split.scores.shape[1])
    found = brier_decomposition([brier_parts(split, label) for label in labels])
    assert tuple(found) == NAMES
    return [value for value in found.values() if value is not None]


def by_scikit_learn(scores: Any, positive: Any) -> list[float]:
    best = IsotonicRegression(y_min=0, y_max=1).fit_transform(scores, positive)
    prevalence = np.full(len(scores), positive.mean())
    own, of_best, of_constant = (np.mean((each - positive) ** 2) for each in (scores, best, prevalence))
    return [own - of_best, of_constant - of_best, of_constant]


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("digits", [16, 1], ids=["distinct", "tied"])
def test_the_parts_are_those_of_scikit_learns_isotonic_regression(seed: int, digits: int) -> None:
    random = np.random.default_rng(seed)
    scores = random.random(300).round(digits)
    targets = (random.random(300) < scores**2).astype(np.int64)
    found = parts(scores, targets)
    assert found == pytest.approx(by_scikit_learn(scores, targets), abs=1e-12)
    assert found[0] - found[1] + found[2] == pytest.approx(sk.brier_score_loss(targets, scores), abs=1e-12)


@pytest.mark.parametrize("seed", range(4))
def test_parts_of_several_classes_are_summed_and_make_their_brier_score(seed: int) -> None:
    random = np.random.default_rng(seed)
    scores, targets = random.dirichlet(np.ones(4), 200), random.integers(0, 3, 200)  # no sample of the last class
    expected = [by_scikit_learn(scores[:, label], targets == label) for label in range(4)]
    assert parts(scores, targets) == pytest.approx(np.sum(expected, axis=0), abs=1e-12)
    _, rows = final_statistics(scores, targets, class_names=list("abcd"))
    whole = [rows[f"final_{name}"] for name in NAMES]
    assert whole[0] - whole[1] + whole[2] == pytest.approx(rows["final_brier"], abs=1e-12)  # type: ignore[operator]


@pytest.mark.parametrize(
    ("scores", "targets", "expected"),
    [
        ([0.25, 0.25, 0.25, 0.25], [0, 1, 0, 0], [0, 0, 0.1875]),  # equal scores, calibrated: no discrimination
        ([0.5, 0.5, 0.5, 0.5], [0, 1, 0, 0], [0.0625, 0, 0.1875]),
        ([0.0, 0.0, 1.0, 1.0], [0, 0, 1, 1], [0, 0.25, 0.25]),  # perfect
        ([0.2, 0.2, 0.7, 0.7], [0, 0, 1, 1], [0.065, 0.25, 0.25]),  # ranked perfectly
        ([1.0, 1.0, 0.0, 0.0], [0, 0, 1, 1], [0.75, 0, 0.25]),  # all wrong: no rising scores are any use
        ([0.1, 0.3], [1, 1], [0.65, 0, 0]),  # one class
        ([0.3], [1], [0.49, 0, 0]),
    ],
)
def test_by_hand(scores: list[float], targets: list[int], expected: list[float]) -> None:
    assert parts(scores, targets) == pytest.approx(expected, abs=1e-12)
    assert min(parts(scores, targets)) >= 0


def test_shifted_scores_lose_calibration_alone() -> None:
    """A rising function of the scores changes no rank: discrimination and uncertainty stay."""
    random = np.random.default_rng(3)
    scores = random.random(2000)
    targets = (random.random(2000) < scores).astype(np.int64)
    plain, shifted = parts(scores, targets), parts(np.sqrt(scores), targets)
    assert plain[1:] == pytest.approx(shifted[1:], abs=1e-12)
    assert plain[0] < 0.01
    assert shifted[0] > 0.02
