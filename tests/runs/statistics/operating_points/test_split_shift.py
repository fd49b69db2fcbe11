"""The interval of a difference of two shares, against statsmodels."""

from __future__ import annotations

import pytest
from statsmodels.stats.proportion import confint_proportions_2indep

from runs.statistics.matrix_statistics import Number, wilson
from runs.statistics.operating_points.split_shift import shift


def share(right: int, size: int) -> dict[str, Number]:
    low, high = wilson(right, size)
    return {"a": right / size if size else None, "a_ci_low": low, "a_ci_high": high}


@pytest.mark.parametrize(
    ("first", "second"),
    [((56, 70), (48, 80)), ((9, 10), (3, 10)), ((10, 10), (20, 20)), ((0, 10), (20, 20)), ((380, 400), (81, 100))],
)
def test_the_interval_is_newcombes(first: tuple[int, int], second: tuple[int, int]) -> None:
    found = shift("a", share(*first), share(*second))
    assert found is not None
    expected = confint_proportions_2indep(*second, *first, method="newcomb", compare="diff")
    assert (found.low, found.high) == pytest.approx(expected, abs=1e-12)
    assert found.difference == pytest.approx(second[0] / second[1] - first[0] / first[1])


def test_only_what_chance_does_not_explain_is_a_shift() -> None:
    certain, chance = shift("a", share(380, 400), share(81, 100)), shift("a", share(19, 20), share(16, 20))
    assert certain is not None
    assert certain.excludes_zero
    assert chance is not None
    assert not chance.excludes_zero


def test_what_is_unknown_is_no_shift() -> None:
    assert shift("a", share(0, 0), share(3, 4)) is None
    assert shift("a", share(3, 4), {"a": 0.5}) is None
