"""Slope, intercept and mean difference against statsmodels, with errors by patient, and simulated coverage."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats

from runs.statistics.calibration.calibration_line import calibration_line
from runs.statistics.evaluated import Evaluated, Ranks
from runs.statistics.predictions import scores_from_logits
from runs.statistics.score_statistics import final_statistics

NAMES = ("calibration_intercept", "calibration_slope")


def drawn(seed: int, *, people: int = 40, images: int = 5, slope: float = 0.7) -> Evaluated:
    random, patients = np.random.default_rng(seed), np.repeat(np.arange(people), images)
    odds = random.normal(size=people)[patients] + random.normal(size=len(patients)) - 0.5
    targets = (random.random(len(odds)) < scores_from_logits(slope * odds)).astype(np.int64)
    scores = scores_from_logits(odds)
    return Evaluated(scores, targets, (scores >= 0.5).astype(np.int64), patients)


def t_interval(value: float, error: float, people: int) -> tuple[float, float]:
    half = stats.t.ppf(0.975, people - 1) * error
    return value - half, value + half


@pytest.mark.parametrize("alone", [False, True])
@pytest.mark.parametrize("seed", range(6))
def test_the_line_is_statsmodels_with_errors_by_patient(seed: int, alone: bool) -> None:
    split = drawn(seed)
    split = split._replace(patients=None) if alone else split
    units = np.arange(200) if split.patients is None else split.patients
    people, odds = len(set(units.tolist())), np.log(split.scores / (1 - split.scores))
    fit = sm.Logit(split.targets, sm.add_constant(odds)).fit(
        disp=0, tol=1e-14, maxiter=100, cov_type="cluster", cov_kwds={"groups": units, "use_correction": False}
    )
    found = calibration_line(split)
    for place, name in enumerate(NAMES):
        assert found.numbers[name] == pytest.approx(fit.params[place], abs=1e-10)
        error = fit.bse[place] * math.sqrt(people / (people - 1))
        assert found.intervals[name] == pytest.approx(t_interval(fit.params[place], error, people), abs=1e-10)


@pytest.mark.parametrize("seed", range(3))
def test_the_mean_difference_is_statsmodels_regression_on_a_constant(seed: int) -> None:
    split = drawn(seed)
    fit = sm.OLS(split.scores - split.targets, np.ones(200)).fit(
        cov_type="cluster", cov_kwds={"groups": split.patients, "use_correction": False}
    )
    found, error = calibration_line(split), fit.bse[0] * math.sqrt(40 / 39)
    assert found.numbers["calibration_in_the_large"] == pytest.approx(fit.params[0], abs=1e-14)
    assert found.intervals["calibration_in_the_large"] == pytest.approx(t_interval(fit.params[0], error, 40), abs=1e-12)


def test_known_logits_are_taken_as_they_are() -> None:
    split = drawn(2)
    logits = np.log(split.scores / (1 - split.scores))
    known = split._replace(ranks=Ranks(split.scores, logits))
    assert calibration_line(known).numbers == pytest.approx(calibration_line(split).numbers, abs=1e-9)


@pytest.mark.parametrize(
    ("scores", "targets"),
    [
        ([0.1, 0.2, 0.8, 0.9], [0, 0, 1, 1]),  # separated
        ([0.1, 0.5, 0.5, 0.9], [0, 0, 1, 1]),  # separated but for a threshold with both on it
        ([0.9, 0.8, 0.2, 0.1], [0, 0, 1, 1]),  # all wrong
        ([0.4] * 4, [0, 1, 0, 1]),
        ([0.1, 0.4, 0.6], [0, 0, 0]),
        ([0.3], [1]),
    ],
)
def test_without_overlap_there_is_no_line(scores: list[float], targets: list[int]) -> None:
    rows = final_statistics(np.array(scores), np.array(targets), class_names=["no", "yes"])[1]
    for name in NAMES:
        assert rows[f"final_{name}"] is rows[f"final_{name}_ci_low"] is rows[f"final_{name}_ci_high"] is None
    assert rows["final_calibration_in_the_large"] == pytest.approx(np.mean(scores) - np.mean(targets))


def test_scores_of_nought_and_one_are_cut() -> None:
    scores, targets = np.array([0.0, 1.0, 0.3, 0.6, 1.0, 0.0]), np.array([0, 1, 1, 0, 0, 1])
    found = calibration_line(Evaluated(scores, targets, targets, None))
    assert all(math.isfinite(found.numbers[name]) for name in NAMES)  # type: ignore[arg-type]
    odds = np.clip(scores, np.finfo(float).eps, 1 - np.finfo(float).eps)
    fit = sm.Logit(targets, sm.add_constant(np.log(odds / (1 - odds)))).fit(disp=0, tol=1e-12)
    assert [found.numbers[name] for name in NAMES] == pytest.approx(list(fit.params), abs=1e-8)


@pytest.mark.parametrize("closeness", [1e-6, 1e-10])
def test_odds_that_are_nearly_equal_have_the_line_of_the_same_odds_farther_apart(closeness: float) -> None:
    """A network that has learned nothing gives all samples nearly the same score."""
    far = drawn(4)
    odds = np.log(far.scores / (1 - far.scores))
    near = far._replace(scores=scores_from_logits(odds * closeness), ranks=Ranks(far.scores, odds * closeness + 3))
    found, expected = calibration_line(near), calibration_line(far)
    numbers = [found.numbers["calibration_slope"], *found.intervals["calibration_slope"]]
    times = [expected.numbers["calibration_slope"], *expected.intervals["calibration_slope"]]
    assert numbers == pytest.approx([number / closeness for number in times if number is not None], rel=1e-4)


def test_one_patient_has_no_interval() -> None:
    split = drawn(1, people=1, images=60)
    found: Any = calibration_line(split)
    assert set(found.intervals.values()) == {(None, None)}
    assert None not in found.numbers.values()


def test_intervals_hold_the_true_line_as_often_as_they_say() -> None:
    """Of 200 drawn data sets of a network whose logits are 1 / 0.7 too large."""
    held = {"calibration_slope": 0, "calibration_intercept": 0}
    for seed in range(200):
        found = calibration_line(drawn(seed)).intervals
        for name, true in (("calibration_slope", 0.7), ("calibration_intercept", 0.0)):
            low, high = found[name]
            held[name] += low <= true <= high  # type: ignore[operator]
    assert all(0.91 <= count / 200 <= 0.99 for count in held.values()), held
