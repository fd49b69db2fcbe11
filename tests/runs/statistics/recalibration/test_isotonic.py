"""Isotonic regression against scikit-learn's, cut from 0 and 1."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.isotonic import IsotonicRegression

from runs.statistics.recalibration import isotonic
from runs.statistics.roc import Floats, Ints
from tests.runs.statistics.recalibration.test_platt import drawn


def expected(logits: Floats, targets: Ints, at: Floats) -> Floats:
    nearest = 1 / (len(logits) + 2)
    model = IsotonicRegression(out_of_bounds="clip").fit(logits, targets)
    return np.asarray(np.clip(model.predict(at), nearest, 1 - nearest), dtype=np.float64)


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


def test_separated_classes_are_cut_and_told() -> None:
    logits, targets = np.linspace(-5, 5, 40), np.arange(40) >= 20
    found = isotonic.fit(logits, targets, "validation")
    assert isotonic.apply(logits, found) == pytest.approx(np.where(targets, 41 / 42, 1 / 42))
    assert found.warning is not None
    assert "separates the classes" in found.warning


def test_scores_that_rank_backwards_become_one() -> None:
    found = isotonic.fit(np.linspace(-5, 5, 40), np.arange(40) < 20, "validation")
    assert isotonic.apply(np.array([-9.0, 0, 9.0]), found) == pytest.approx([0.5] * 3)
