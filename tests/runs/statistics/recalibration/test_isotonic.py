"""Isotonic regression against scikit-learn's, cut from 0 and 1."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit
from sklearn.isotonic import IsotonicRegression
from sklearn.metrics import roc_auc_score

from runs.statistics.recalibration import isotonic
from runs.statistics.roc import Floats, Ints
from tests.runs.statistics.recalibration.test_platt import drawn


def expected(logits: Floats, targets: Ints, at: Floats) -> Floats:
    nearest = 1 / (len(logits) + 2)
    model = IsotonicRegression(y_min=nearest, y_max=1 - nearest, out_of_bounds="clip").fit(logits, targets)
    return np.asarray(model.predict(at), dtype=np.float64)


@pytest.mark.parametrize("digits", [17, 1, 0])
@pytest.mark.parametrize("seed", range(6))
def test_it_is_scikit_learns_between_and_beyond_the_samples_too(seed: int, digits: int) -> None:
    logits, targets = drawn(seed)
    logits = np.round(logits, digits)  # with few digits many are equal
    found = isotonic.fit(logits, targets == 1, "validation")
    at = np.concatenate([logits, np.linspace(-30, 30, 500), [-1e300, 1e300]])
    assert isotonic.apply(at, found) == pytest.approx(expected(logits, targets, at), abs=1e-12)
    assert found.warning is None


def test_the_knots_are_few_ascend_and_never_say_never() -> None:
    logits, targets = drawn(1, 2_000)
    found = isotonic.fit(logits, targets == 1, "validation")
    places, scores = found.parameters["logits"], found.parameters["scores"]
    assert isinstance(places, list)
    assert isinstance(scores, list)
    assert len(places) == len(scores) < 100
    assert (np.diff(places) > 0).all()
    assert (np.diff(scores) >= 0).all()
    assert (found.parameters["lowest"], found.parameters["highest"]) == (1 / 2002, 1 - 1 / 2002)
    at = isotonic.apply(np.array([-1e9, 1e9]), found)
    assert list(at) == pytest.approx(np.clip([scores[0], scores[-1]], 1 / 2002, 1 - 1 / 2002))


def test_to_be_cut_from_0_and_1_makes_no_samples_equal() -> None:
    """Of 60 samples, the outermost steps are 0 and 1: many others lie between them and the next ones."""
    random = np.random.default_rng(9)
    fitted_to, at = random.normal(size=60) * 2, random.normal(size=2_000) * 2
    targets, of_others = (random.random(len(each)) < expit(2 * each) for each in (fitted_to, at))
    found = isotonic.fit(fitted_to, targets, "validation")
    steps = IsotonicRegression(out_of_bounds="clip").fit(fitted_to, targets).predict(at)
    assert {0.0, 1.0} <= set(steps)
    assert roc_auc_score(of_others, isotonic.apply(at, found)) == pytest.approx(roc_auc_score(of_others, steps))
    cut = np.clip(steps, 1 / 62, 61 / 62)
    assert abs(roc_auc_score(of_others, cut) - roc_auc_score(of_others, steps)) > 1e-4


def test_separated_classes_are_cut_and_told() -> None:
    logits, targets = np.linspace(-5, 5, 40), np.arange(40) >= 20
    found = isotonic.fit(logits, targets, "validation")
    assert isotonic.apply(logits, found) == pytest.approx(np.where(targets, 41 / 42, 1 / 42))
    assert found.warning is not None
    assert "separates the classes" in found.warning


def test_scores_that_rank_backwards_become_one() -> None:
    found = isotonic.fit(np.linspace(-5, 5, 40), np.arange(40) < 20, "validation")
    assert isotonic.apply(np.array([-9.0, 0, 9.0]), found) == pytest.approx([0.5] * 3)
