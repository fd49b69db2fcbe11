"""The difference of a group from all others: against statsmodels and by hand, at the edges, and by simulation."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from scipy import optimize, stats
from sklearn.metrics import roc_auc_score
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

from runs.statistics.evaluated import Evaluated
from runs.statistics.holm import holm
from runs.statistics.predictions import evaluated
from runs.statistics.subgroups import group_differences
from runs.statistics.subgroups.group_differences import Difference, Measured, Metric, difference


def drawn(seed: int, size: int = 400, prevalence: float = 0.3, separation: float = 1.3) -> tuple[Any, Any, Any]:
    """Return logits, labels and a group that has nothing to do with them."""
    chance = np.random.default_rng(seed)
    labels = (chance.random(size) < prevalence).astype(np.int64)
    return chance.normal(size=size) + separation * labels, labels, chance.random(size) < 0.4


def split_of(logits: Any, labels: Any, patients: Any = None) -> Evaluated:
    return evaluated(1 / (1 + np.exp(-logits)), labels, threshold=0.5, logits=logits, patients=patients)


def found(logits: Any, labels: Any, inside: Any, metric: Metric = "auroc", patients: Any = None) -> Difference:
    units = np.arange(len(labels)) if patients is None else patients
    difference_ = difference(split_of(logits, labels, patients), inside, units, metric)
    assert difference_ is not None
    return difference_


@pytest.mark.parametrize("seed", range(5))
def test_the_auroc_of_large_groups_differs_as_delong_says(seed: int) -> None:
    logits, labels, inside = drawn(seed, 4_000)
    one = found(logits, labels, inside)
    areas, variances = zip(*(delong(logits[part], labels[part]) for part in (inside, ~inside)), strict=True)
    assert one.value == pytest.approx(areas[0] - areas[1], abs=1e-12)
    error = math.sqrt(sum(variances))
    assert (one.low, one.high) == pytest.approx((one.value - 1.96 * error, one.value + 1.96 * error), abs=0.15 * error)
    assert one.p == pytest.approx(2 * stats.norm.sf(abs(one.value) / error), abs=0.03)


def delong(scores: Any, labels: Any) -> tuple[float, float]:
    """Compute AUROC and variance from the matrix of all pairs."""
    pairs = scores[labels == 1][:, None] - scores[labels == 0][None, :]
    wins = (pairs > 0) + 0.5 * (pairs == 0)
    above, below = wins.mean(axis=1), wins.mean(axis=0)
    return roc_auc_score(labels, scores), above.var(ddof=1) / len(above) + below.var(ddof=1) / len(below)


@pytest.mark.parametrize("metric", ["sensitivity", "specificity", "accuracy"])
def test_proportions_differ_by_newcombes_interval(metric: Metric) -> None:
    logits, labels, inside = drawn(1)
    said = logits >= 0
    taken = {"sensitivity": labels == 1, "specificity": labels == 0, "accuracy": labels >= 0}[metric]
    right = said == (labels == 1)
    hits, sizes = zip(
        *((int(right[taken & part].sum()), int((taken & part).sum())) for part in (inside, ~inside)), strict=True
    )
    low, high = confint_proportions_2indep(hits[0], sizes[0], hits[1], sizes[1], method="newcomb", compare="diff")
    one = found(logits, labels, inside, metric)
    assert one.value == pytest.approx(hits[0] / sizes[0] - hits[1] / sizes[1])
    assert (one.low, one.high) == pytest.approx((low, high), abs=1e-9)
    assert proportion_confint(hits[0], sizes[0], method="wilson")[0] <= hits[0] / sizes[0]


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("metric", ["auroc", "sensitivity"])
def test_p_is_below_5_percent_where_the_interval_excludes_0(seed: int, metric: Metric) -> None:
    logits, labels, inside = drawn(seed, 150)
    one = found(logits - 0.6 * inside * (seed % 2) * labels, labels, inside, metric)
    assert (one.p < 0.05) == (one.low > 0 or one.high < 0)
    other = found(logits - 0.6 * inside * (seed % 2) * labels, labels, ~inside, metric)
    assert (other.value, other.low, other.high) == pytest.approx((-one.value, -one.high, -one.low))
    assert other.p == pytest.approx(one.p, rel=1e-6)


def test_groups_without_both_classes_are_not_compared() -> None:
    logits, labels, _ = drawn(2)
    split, units = split_of(logits, labels), np.arange(len(labels))
    for inside in (labels == 1, labels == 0, np.ones(400, dtype=bool), np.zeros(400, dtype=bool)):
        assert difference(split, inside, units, "auroc") is None
    assert difference(split, labels == 0, units, "sensitivity") is None


def test_perfect_groups_that_are_alike_do_not_differ() -> None:
    labels = np.array([0, 1] * 40)
    inside = np.arange(80) < 30
    one = found(labels * 4.0 - 2, labels, inside)
    assert (one.value, one.p) == (0, 1)
    assert one.low < 0 < one.high


def test_constant_scores_do_not_differ() -> None:
    _, labels, inside = drawn(3)
    one = found(np.zeros(400), labels, inside)
    assert (one.value, one.p) == (0, 1)
    assert one.low < 0 < one.high


def test_reversed_groups_differ_beyond_doubt() -> None:
    labels = np.array([0, 1] * 200)
    inside = np.arange(400) < 200
    logits = np.where(inside, -1.0, 1.0) * (labels * 2 - 1)
    one = found(logits, labels, inside)
    assert one.value == -1
    assert 0 < one.p < 1e-12
    assert holm([one.p, 0.5]) == pytest.approx([2 * one.p, 0.5])


def test_a_few_perfect_samples_are_not_shown_to_be_better() -> None:
    logits, labels, _ = drawn(4, 300)
    inside = np.zeros(300, dtype=bool)
    inside[np.flatnonzero(labels == 1)[:3]] = inside[np.flatnonzero(labels == 0)[:17]] = True
    one = found(np.where(inside, 9.0 * labels - 4, logits), labels, inside)
    assert one.value > 0.1
    assert one.p > 0.05


@pytest.mark.parametrize("metric", ["auroc", "sensitivity", "specificity", "accuracy"])
def test_repeated_images_of_a_patient_are_no_evidence(metric: Metric) -> None:
    logits, labels, inside = drawn(5, 120)
    logits = logits - 0.4 * inside
    once = found(logits, labels, inside, metric)
    repeated = [np.repeat(values, 10) for values in (logits, labels, inside, np.arange(120))]
    ten_times = found(repeated[0], repeated[1], repeated[2], metric, repeated[3])
    as_if_independent = found(repeated[0], repeated[1], repeated[2], metric)
    assert ten_times.value == pytest.approx(once.value)
    assert ten_times.p == pytest.approx(once.p, abs=0.05)
    assert as_if_independent.p < 0.5 * ten_times.p


def test_patients_in_both_groups_make_the_difference_surer() -> None:
    """Each patient has one image in both groups, and is easy or hard in both."""
    chance = np.random.default_rng(6)
    people = 150
    labels, ease = np.repeat(chance.integers(0, 2, people), 2), np.repeat(chance.normal(size=people), 2)
    patients, inside = np.repeat(np.arange(people), 2), np.tile([True, False], people)
    logits = labels + ease + 0.2 * chance.normal(size=2 * people) - 0.3 * inside * labels
    paired = found(logits, labels, inside, "auroc", patients)
    strangers = found(logits, labels, inside, "auroc", np.arange(2 * people))
    assert paired.value == pytest.approx(strangers.value)
    assert paired.high - paired.low < 0.8 * (strangers.high - strangers.low)
    assert drawn_error(logits, labels, inside, patients) == pytest.approx((paired.high - paired.low) / 3.92, rel=0.2)


def drawn_error(logits: Any, labels: Any, inside: Any, patients: Any) -> float:
    """Return the standard error of the difference by drawing patients."""
    chance = np.random.default_rng(7)
    people = int(patients.max()) + 1
    places = [np.flatnonzero(patients == person) for person in range(people)]
    values = []
    for _ in range(300):
        rows = np.concatenate([places[person] for person in chance.integers(0, people, people)])
        areas = [roc_auc_score(labels[rows][part], logits[rows][part]) for part in (inside[rows], ~inside[rows])]
        values.append(areas[0] - areas[1])
    return float(np.std(values))


@pytest.mark.parametrize("values", [[0.01, 0.04, 0.03, 0.5], [0.2], [], [0.05, 0.05, 0.05], [0.9, 0.8, 0.001]])
def test_holm_is_that_of_statsmodels(values: list[float]) -> None:
    expected = multipletests(values, method="holm")[1].tolist() if values else []
    assert holm(values) == pytest.approx(expected)


@pytest.mark.parametrize("images", [1, 4])
def test_noise_seldom_has_a_worst_group(images: int) -> None:
    """A network that is alike for all groups, which patients are in at random: 5 % of false alarms at most."""
    alarms, trials = 0, 120
    for seed in range(trials):
        chance = np.random.default_rng([seed, images])
        people = 240 // images
        patients = np.repeat(np.arange(people), images)
        labels = np.repeat((chance.random(people) < 0.35).astype(np.int64), images)
        logits = 1.2 * labels + np.repeat(chance.normal(size=people), images) + 0.5 * chance.normal(size=len(labels))
        of_two = np.repeat(chance.integers(0, 2, people), images)
        of_three = chance.integers(0, 3, len(labels))
        split = split_of(logits, labels, patients if images > 1 else None)
        parts = [of_two == 0, *(of_three == group for group in range(3))]
        told = [each for part in parts if (each := difference(split, part, patients, "auroc"))]
        adjusted = holm([each.p for each in told])
        alarms += any((p or 0.0) < 0.05 and each.value < 0 for p, each in zip(adjusted, told, strict=True))
    assert len(told) == 4
    assert alarms <= stats.binom.ppf(0.999, trials, 0.05)


@pytest.mark.parametrize("metric", ["auroc", "specificity"])
def test_p_is_the_level_at_which_the_interval_ends_at_nought(metric: Metric) -> None:
    """SciPy finds the same level, for differences from hardly any to very large ones."""
    measure = group_differences.MEASURES[metric]
    for seed, shift in enumerate([0.0, 0.3, 1.0, 2.0, 4.0]):
        logits, labels, inside = drawn(seed, 300)
        logits[inside & (labels == 0)] += shift
        split, units = split_of(logits, labels), np.arange(300)
        one, other = (measure(split, part, units) for part in (inside, ~inside))
        assert one is not None
        assert other is not None
        place = 0 if one.value > other.value else 1

        def end(z: float, one: Measured = one, other: Measured = other, place: int = place) -> float:
            ends = one.spread.ends(z)[place] - one.value, other.spread.ends(z)[1 - place] - other.value
            return one.value - other.value + (2 * place - 1) * math.hypot(*ends)

        far = end(8.0) * end(1e-9) > 0
        level = 8.0 if far else optimize.brentq(end, 1e-9, 8, xtol=1e-13)
        assert found(logits, labels, inside, metric).p == pytest.approx(2 * stats.norm.sf(level), rel=1e-7)
