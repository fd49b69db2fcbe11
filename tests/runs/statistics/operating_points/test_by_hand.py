"""A threshold by hand stays as it was written, unless a sample has that score."""

from __future__ import annotations

import numpy as np
import pytest

from runs.statistics.operating_points.by_hand import threshold_by_hand
from runs.statistics.operating_points.choosing import Unreachable

VAL, TEST = np.array([0.1, 0.3, 0.7]), np.array([0.2, 0.5, 0.9])


def test_one_between_scores_is_kept() -> None:
    assert threshold_by_hand(0.4, VAL, [TEST]) == 0.4
    assert threshold_by_hand(0.6, VAL) == 0.6


@pytest.mark.parametrize(("wanted", "middle"), [(0.3, 0.25), (0.5, 0.4), (0.7, 0.6), (0.3 + 1e-9, 0.4)])
def test_one_at_a_score_moves_between_its_neighbours(wanted: float, middle: float) -> None:
    found = threshold_by_hand(wanted, VAL, [TEST])
    assert found == float(np.float32(middle))
    for scores in (VAL, TEST):
        assert ((scores >= wanted) == (scores >= found)).all()
        assert ((scores >= wanted) == (scores.astype(np.float32) >= np.float32(found))).all()


@pytest.mark.parametrize("seed", range(5))
def test_it_calls_the_same_when_scores_are_computed_again(seed: int) -> None:
    """Single precision errs by some 1e-7 near 1: what a network computes twice differs by so much."""
    random = np.random.default_rng(seed)
    scores = np.sort(random.choice(np.linspace(0.001, 0.999, 2_000), 400, replace=False))
    noise = random.uniform(-2e-7, 2e-7, 400)
    for wanted in (*scores[1:], *random.uniform(scores[0] + 1e-9, scores[-1], 200)):
        found = threshold_by_hand(float(wanted), scores)
        called = (scores + noise).astype(np.float32) >= np.float32(found)
        assert ((scores >= wanted) == called).all()


@pytest.mark.parametrize(("wanted", "which"), [(0.1, "every"), (0.05, "every"), (0.71, "no"), (2.0, "no")])
def test_one_that_decides_nothing_is_refused(wanted: float, which: str) -> None:
    with pytest.raises(Unreachable, match=f"calls {which} sample of the validation split positive"):
        threshold_by_hand(wanted, VAL, [TEST])
