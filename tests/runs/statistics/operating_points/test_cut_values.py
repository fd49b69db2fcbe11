"""A threshold between two scores calls the same of them in single precision."""

from __future__ import annotations

import numpy as np
import pytest

from runs.statistics.operating_points.cut_values import cut_between


def test_it_is_half_way_and_survives_single_precision() -> None:
    cut = cut_between(0.25, 0.75)
    assert cut == (0.5, True)
    found = cut_between(0.3, 0.4)
    assert found.value == float(np.float32(0.35))
    assert found.holds_in_single


@pytest.mark.parametrize("seed", range(5))
def test_what_it_calls_is_the_same_in_single_precision(seed: int) -> None:
    random = np.random.default_rng(seed)
    for below, above in np.sort(random.random((2_000, 2)) * random.choice([1, 1e-3, 1e-6, 1e-30], (2_000, 1)), axis=1):
        if below == above:
            continue
        cut = cut_between(below, above)
        assert below < cut.value <= above
        if np.nextafter(np.float32(below), np.float32(2)) < np.float32(above):
            assert cut.holds_in_single
        if cut.holds_in_single:
            assert float(np.float32(cut.value)) == cut.value
            assert np.float32(below) < np.float32(cut.value) <= np.float32(above)


@pytest.mark.parametrize("below", [0.1, 0.5, 0.9999, -3.0, 1e-20])
def test_neighbours_of_single_precision_have_the_upper_one(below: float) -> None:
    low = np.float32(below)
    high = np.nextafter(low, np.float32(2))
    assert cut_between(float(low), float(high)) == (float(high), True)


def test_neighbours_that_only_double_precision_tells_apart() -> None:
    above = np.nextafter(0.7, 1)
    assert cut_between(0.7, above) == (above, False)
    value, holds = cut_between(0.7, 0.7 + 1e-12)
    assert 0.7 < value < 0.7 + 1e-12
    assert not holds


def test_equal_ones_have_none() -> None:
    assert cut_between(1.0, 1.0) == (1.0, False)


def test_far_apart_ones_do_not_overflow() -> None:
    assert cut_between(-1e300, 1e300) == (0.0, True)
    value, holds = cut_between(1e200, 1e300)
    assert 1e200 < value <= 1e300
    assert not holds
