"""Thinned curves: whatever the data, no extreme is lost and no point is invented."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from runs.curves import thinning
from runs.curves.thinning import FEWEST, gaps_of, thin

Shape = Callable[[np.random.Generator, int], np.ndarray]
SHAPES: dict[str, Shape] = {
    "noise": lambda random, n: random.normal(size=n),
    "walk": lambda random, n: random.normal(size=n).cumsum(),
    "constant": lambda random, n: np.ones(n),
    "steps": lambda random, n: np.floor(np.arange(n) / 50),
    "gaps": lambda random, n: np.where(random.random(n) < 0.2, np.nan, random.normal(size=n)),
    "infinities": lambda random, n: np.where(random.random(n) < 0.1, np.inf, random.normal(size=n)),
    "nothing known": lambda random, n: np.full(n, np.nan),
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("seed", range(12))
def test_any_curve_keeps_ends_and_extremes_and_the_budget(shape: str, seed: int) -> None:
    random = np.random.default_rng(seed)
    n, budget = int(random.integers(0, 3_000)), int(random.integers(FEWEST, 400))
    y = SHAPES[shape](random, n)
    x = np.sort(random.integers(0, 2_000, n)) if seed % 2 else np.arange(n) * 10
    kept = thin(x, y, budget, gaps_of(y))
    assert len(kept) <= budget
    assert (np.diff(kept) > 0).all()
    if n <= budget:
        assert kept.tolist() == list(range(n))
        return
    assert (kept[0], kept[-1]) == (0, n - 1)
    known, found = y[np.isfinite(y)], y[kept][np.isfinite(y[kept])]
    if len(known):
        assert (found.min(), found.max()) == (known.min(), known.max())
    assert np.isfinite(y).all() == np.isfinite(y[kept]).all()


@pytest.mark.parametrize("shape", SHAPES)
def test_long_and_short_buckets_keep_the_same(shape: str, monkeypatch: pytest.MonkeyPatch) -> None:
    y = SHAPES[shape](np.random.default_rng(3), 5_000)
    x = np.sort(np.random.default_rng(4).integers(0, 2_000, 5_000))
    found = []
    for length in (1, 5_001):
        monkeypatch.setattr(thinning, "LONG", length)
        found.append(thin(x, y, 100, gaps_of(y)).tolist())
    assert found[0] == found[1]


@pytest.mark.parametrize("place", [0, 1, 4_999, 7_777, 9_998, 9_999])
@pytest.mark.parametrize("height", [50.0, -50.0])
def test_a_spike_of_one_sample_stays_wherever_it_is(place: int, height: float) -> None:
    y = np.sin(np.arange(10_000) / 300)
    y[place] = height
    assert place in thin(np.arange(10_000), y, 100, None)


def test_each_bucket_keeps_its_first_lowest_highest_and_last() -> None:
    """Two buckets of eight samples, chosen by hand."""
    y = np.array([3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7, 9, 3], float)
    assert thin(np.arange(16), y, 8, None).tolist() == [0, 1, 5, 7, 8, 9, 12, 15]


def test_a_gap_in_the_middle_of_a_bucket_stays_a_gap() -> None:
    y = np.arange(1_000, dtype=float)
    y[503] = np.nan
    kept = thin(np.arange(1_000), y, 10, gaps_of(y))
    assert 503 in kept
    assert len(kept) <= 10


def test_the_buckets_divide_the_part_that_is_shown() -> None:
    """Samples crowd in the first tenth: there are no more buckets there than there are pixels."""
    x = np.concatenate([np.linspace(0, 1, 9_000), np.linspace(1, 10, 1_000)])
    y = np.random.default_rng(1).normal(size=10_000)
    assert len(thin(x, y, 400, None)[:-1]) <= 400
    crowded = thin(x, y, 400, None)
    assert (x[crowded] <= 1).sum() <= 4 * 11
    assert (x[thin(x[x <= 1], y[x <= 1], 400, None, (0, 1))] <= 1).sum() > 300
