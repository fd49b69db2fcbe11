"""Holm's adjustment against statsmodels."""

from __future__ import annotations

import numpy as np
import pytest
from statsmodels.stats.multitest import multipletests

from runs.statistics.holm import holm

RNG = np.random.default_rng(12)


@pytest.mark.parametrize("size", [1, 2, 3, 10, 45])
def test_adjusted_p_values_are_those_of_statsmodels(size: int) -> None:
    values = np.round(RNG.random(size) ** 3, 3).tolist()  # some are equal
    assert holm(values) == pytest.approx(multipletests(values, method="holm")[1].tolist())


def test_a_comparison_without_p_counts() -> None:
    assert holm([0.01, None, 0.03]) == [pytest.approx(0.03), None, pytest.approx(0.06)]
    assert holm([]) == []
    assert holm([None]) == [None]
