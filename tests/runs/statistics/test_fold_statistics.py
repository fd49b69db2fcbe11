"""Means, deviations and intervals over folds, against NumPy, SciPy and values worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from experiments.training.contract.config import DataConfig
from runs.statistics.fold_statistics import MOST_VALUES, T975, spread, spreads


def test_quantiles_are_scipys() -> None:
    assert pytest.approx([stats.t.ppf(0.975, n) for n in range(1, len(T975) + 1)], abs=1e-12) == T975


def test_there_is_a_quantile_for_as_many_folds_as_may_be_asked_for() -> None:
    [bound] = [item.le for item in DataConfig.model_fields["folds"].metadata if hasattr(item, "le")]
    assert bound == MOST_VALUES


@pytest.mark.parametrize("n", [2, 3, 5, 10, 20])
def test_numbers_are_numpys_and_scipys(n: int) -> None:
    values = np.random.default_rng(n).normal(3.0, 2.0, n)
    found = spread(values.tolist(), overlap=1 / 4)
    low, high = stats.t.interval(0.95, n - 1, loc=values.mean(), scale=stats.sem(values))
    assert (found.n, found.min, found.max) == (n, values.min(), values.max())
    assert (found.mean, found.sd) == pytest.approx((values.mean(), values.std(ddof=1)), rel=1e-12)
    assert (found.ci_low, found.ci_high) == pytest.approx((low, high), rel=1e-10)


@pytest.mark.parametrize("n", [2, 5, 20])
def test_folds_that_share_their_samples_have_no_interval(n: int) -> None:
    values = np.random.default_rng(n).normal(3.0, 2.0, n)
    found = spread(values.tolist())
    assert (found.mean, found.sd) == pytest.approx((values.mean(), values.std(ddof=1)), rel=1e-12)
    assert (found.ci_low, found.ci_high, found.corrected_ci_low, found.corrected_ci_high) == (None,) * 4


def test_the_corrected_interval_by_hand() -> None:
    """Five folds: variance of the mean is (1/5 + 1/4) of the sample's; t with 4 degrees of freedom is 2.776."""
    values = [0.80, 0.82, 0.84, 0.86, 0.88]
    found = spread(values, overlap=1 / 4)
    half = 2.7764451 * math.sqrt(0.001) * math.sqrt(0.45)
    assert found.sd == pytest.approx(math.sqrt(0.001))
    assert (found.corrected_ci_low, found.corrected_ci_high) == pytest.approx((0.84 - half, 0.84 + half), abs=1e-8)
    assert found.corrected_ci_high - found.corrected_ci_low == pytest.approx(  # type: ignore[operator]
        1.5 * (found.ci_high - found.ci_low)  # type: ignore[operator]
    )


def test_unknown_values_are_left_out_and_one_value_has_no_spread() -> None:
    found = spread([None, 0.5, 0.7])
    assert found.n == 2
    assert (found.mean, found.sd) == pytest.approx((0.6, math.sqrt(0.02)))
    assert spread([None, 0.5]) == (1, 0.5, None, 0.5, 0.5, None, None, None, None)
    assert spread([None]) == spread([]) == (0, *[None] * 8)


def test_equal_values_have_a_spread_of_zero_and_no_interval() -> None:
    """Folds in which all is right do not show that all will be: an interval of no width would say so."""
    assert spread([1.0] * 3, overlap=0.5) == (3, 1.0, 0.0, 1.0, 1.0, *[None] * 4)
    rounded = spread([0.1 + 0.2, 0.3], overlap=0.5)
    assert (rounded.ci_low, rounded.corrected_ci_high) == (None, None)


def test_intervals_end_where_the_number_cannot_be() -> None:
    """Leave a loss unbounded above, and an unknown name unbounded."""
    names = ("final_auroc_cm", "final_mcc", "final_brier", "test_loss", "test_acc", "own")
    rows = [dict.fromkeys(names, value) for value in (0.05, 0.95)]
    found = {name: (one.ci_low, one.ci_high) for name, one in spreads(rows, overlap=1.0).items()}
    half = 12.7062047 * 0.45
    assert found["final_auroc_cm"] == found["test_acc"] == (0.0, 1.0)
    assert found["final_mcc"] == (-1.0, 1.0)
    assert found["final_brier"] == (0.0, 2.0)
    assert found["test_loss"] == pytest.approx((0.0, 0.5 + half))
    assert found["own"] == pytest.approx((0.5 - half, 0.5 + half))


def test_counts_and_ends_of_intervals_have_no_spread() -> None:
    row = {
        "cm_tp": 3.0,
        "test_cm_fn": 1.0,
        "final_f1_cm": 0.5,
        "final_f1_cm/a": None,
        "final_precision_cm_ci_low": 0.1,
        "final_precision_cm_ci_high/a": 0.1,
    }
    found = spreads([row, {"final_f1_cm": 0.7}])
    assert list(found) == ["final_f1_cm", "final_f1_cm/a"]
    assert (found["final_f1_cm"].n, found["final_f1_cm/a"].n) == (2, 0)
