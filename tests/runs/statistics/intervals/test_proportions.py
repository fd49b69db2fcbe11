"""Intervals of proportions: exact ends, repeated patients, the formula by loops and scipy, simulated coverage."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from runs.statistics.intervals.proportions import class_intervals, proportion_interval
from runs.statistics.matrix_statistics import wilson


def by_hand(right: Any, patients: Any) -> tuple[float, float]:
    """Compute Korn and Graubard's effective size patient by patient, and Wilson's interval by scipy."""
    people = sorted(set(patients.tolist()))
    x = [right[patients == one].sum() for one in people]
    m = [(patients == one).sum() for one in people]
    p, k = sum(x) / sum(m), len(people)
    variance = k / (k - 1) * sum((a - p * b) ** 2 for a, b in zip(x, m, strict=True)) / sum(m) ** 2
    size = min(sum(m), p * (1 - p) / variance) if variance else k
    size *= (stats.norm.ppf(0.975) / stats.t.ppf(0.975, k - 1)) ** 2
    z = stats.norm.ppf(0.975)
    middle, half = p + z**2 / (2 * size), z * math.sqrt(p * (1 - p) / size + z**2 / (4 * size**2))
    return (middle - half) / (1 + z**2 / size), (middle + half) / (1 + z**2 / size)


@pytest.mark.parametrize("trials", [1, 2, 5, 20, 3000])
def test_all_or_none_ends_exactly(trials: int) -> None:
    assert wilson(trials, trials)[1] == 1.0
    assert wilson(0, trials)[0] == 0.0
    low, high = wilson(trials, trials)[0], wilson(0, trials)[1]
    expected = stats.binomtest(trials, trials).proportion_ci(method="wilson").low
    assert low == pytest.approx(expected, abs=1e-12)
    assert high == pytest.approx(1 - expected, abs=1e-12)


@pytest.mark.parametrize(("successes", "trials"), [(0, 1), (1, 1), (1, 3), (3, 3), (19, 20), (2999, 3000), (0, 3000)])
def test_it_is_the_wilson_interval_of_statsmodels(successes: int, trials: int) -> None:
    expected = proportion_confint(successes, trials, method="wilson")
    assert proportion_interval(np.arange(trials) < successes) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("seed", range(10))
def test_repeated_patients_are_worth_fewer_samples(seed: int) -> None:
    random = np.random.default_rng(seed)
    patients = random.integers(0, 12, 80)
    right = random.random(80) < random.random(12)[patients]
    assert proportion_interval(right, patients) == pytest.approx(by_hand(right, patients), abs=1e-12)


@pytest.mark.parametrize("seed", range(5))
def test_without_repeated_patients_it_is_wilsons(seed: int) -> None:
    right = np.random.default_rng(seed).random(40) < 0.8
    expected = stats.binomtest(int(right.sum()), 40).proportion_ci(method="wilson")
    for patients in (None, np.arange(40)):
        assert proportion_interval(right, patients) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_all_right_counts_patients() -> None:
    right, patients = np.ones(20, dtype=bool), np.repeat(np.arange(5), 4)
    low, high = proportion_interval(right, patients)
    assert high == 1.0
    assert low == pytest.approx(by_hand(right, patients)[0])
    assert proportion_interval(~right, patients) == (0.0, pytest.approx(1 - low))  # type: ignore[operator]


def test_one_patient_and_nobody_have_no_interval() -> None:
    assert proportion_interval(np.array([True, False]), np.array([3, 3])) == (None, None)
    assert proportion_interval(np.array([], dtype=bool), np.array([], dtype=np.int64)) == (None, None)
    assert proportion_interval(np.array([], dtype=bool)) == (None, None)


def test_each_number_of_a_class_has_its_own_samples() -> None:
    random = np.random.default_rng(5)
    own, said, patients = random.random(90) < 0.4, random.random(90) < 0.5, random.integers(0, 20, 90)
    assert class_intervals(own, said, patients) == {
        "precision": pytest.approx(by_hand(own[said], patients[said])),
        "recall": pytest.approx(by_hand(said[own], patients[own])),
        "specificity": pytest.approx(by_hand(~said[~own], patients[~own])),
        "npv": pytest.approx(by_hand(~own[~said], patients[~said])),
    }


@pytest.mark.parametrize(("people", "images", "share"), [(5, 5, 0.7), (20, 5, 0.7), (40, 10, 0.9), (100, 4, 0.97)])
def test_the_interval_holds_the_true_share_as_often_as_it_says(people: int, images: int, share: float) -> None:
    """Of 300 drawn data sets with similar images of a patient; Wilson's of all images is compared on the same."""
    random, patients = np.random.default_rng(11), np.repeat(np.arange(people), images)
    held = plain = 0
    for _ in range(300):
        common, own = random.normal(size=people)[patients], random.normal(size=len(patients))
        right = math.sqrt(0.6) * common + math.sqrt(0.4) * own < stats.norm.ppf(share)
        (low, high), (below, above) = proportion_interval(right, patients), proportion_interval(right)
        held += low <= share <= high  # type: ignore[operator]
        plain += below <= share <= above  # type: ignore[operator]
    assert 0.9 <= held / 300 <= 0.99
    assert plain < held
