"""The AUROC's interval against definitions by pairs, published behaviour, and simulated coverage."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from scipy.optimize import brentq

from benchmarks.coverage import SCENARIOS, coverage
from runs.statistics.intervals.auroc_interval import auroc_interval, delong_variance, obuchowski_variance
from runs.statistics.intervals.patients import patient_codes
from runs.statistics.roc import auroc, placements


def case(seed: int, *, ties: bool, size: int = 60, images: int = 4) -> tuple[Any, Any, Any]:
    """Make scores, flags and patients; the classes of a patient's images differ for some."""
    random = np.random.default_rng(seed)
    patients = random.integers(0, size // images, size)
    common = random.normal(size=size)[patients]
    positive = random.random(size) < np.where(common > 0, 0.7, 0.2)
    scores = common + random.normal(size=size) + positive
    return (scores.round(1) if ties else scores), positive, patients


def wins(scores: Any, positive: Any) -> Any:
    """Compare all pairs: 1 where the positive is above, a half where both are equal."""
    above, below = scores[positive][:, None], scores[~positive][None, :]
    return (above > below) + 0.5 * (above == below)


def by_pairs(scores: Any, positive: Any, patients: Any) -> float:
    """Compute Obuchowski's variance as her paper defines it, by components of each patient."""
    pairs = wins(scores, positive)
    area, (m, n) = pairs.mean(), pairs.shape
    people = sorted(set(patients.tolist()))
    a = np.array([(pairs.mean(axis=1) - area)[patients[positive] == one].sum() for one in people])
    b = np.array([(pairs.mean(axis=0) - area)[patients[~positive] == one].sum() for one in people])
    ill = len(set(patients[positive].tolist()))
    well = len(set(patients[~positive].tolist()))
    own = ill / (ill - 1) * (a**2).sum() / m**2 + well / (well - 1) * (b**2).sum() / n**2
    return float(own + 2 * len(people) / (len(people) - 1) * (a * b).sum() / (m * n))


def by_roots(area: float, m: float, n: float, factor: float) -> tuple[float, float]:
    """Solve Newcombe's equation with an independent solver."""

    def variance(t: float) -> float:
        return t * (1 - t) / (m * n) * (1 + ((m + n) / 2 - 1) * ((1 - t) / (2 - t) + t / (1 + t)))

    def equation(t: float) -> float:
        return (area - t) ** 2 - 1.959963984540054**2 * factor * variance(t)

    high = 1.0 if area == 1 else brentq(equation, area, 1, xtol=1e-15)
    return brentq(equation, 0, area if area < 1 else 1 - 1e-9, xtol=1e-15), high


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("seed", range(15))
def test_variances_are_those_of_all_pairs(seed: int, ties: bool) -> None:
    scores, positive, patients = case(seed, ties=ties)
    pairs = wins(scores, positive)
    m, n = pairs.shape
    expected = pairs.mean(axis=1).var(ddof=1) / m + pairs.mean(axis=0).var(ddof=1) / n
    found = placements(scores, positive)
    assert delong_variance(found) == pytest.approx(expected, rel=1e-12)
    clustered = obuchowski_variance(found, patients[positive], patients[~positive])
    assert clustered == pytest.approx(by_pairs(scores, positive, patients), rel=1e-12)
    assert auroc(scores, positive) == pytest.approx(pairs.mean(), abs=1e-14)


@pytest.mark.parametrize("seed", range(5))
def test_obuchowskis_variance_of_patients_with_one_sample_is_delongs(seed: int) -> None:
    scores, positive, _ = case(seed, ties=True)
    found, alone = placements(scores, positive), np.arange(len(scores))
    variance = obuchowski_variance(found, alone[positive], alone[~positive])
    assert variance == pytest.approx(delong_variance(found), rel=1e-12)


@pytest.mark.parametrize("clustered", [False, True])
@pytest.mark.parametrize("seed", range(6))
def test_the_ends_solve_newcombes_equation(seed: int, clustered: bool) -> None:
    scores, positive, patients = case(seed, ties=seed % 2 == 0)
    found, area = placements(scores, positive), float(wins(scores, positive).mean())
    m, n, plain = float(positive.sum()), float((~positive).sum()), delong_variance(placements(scores, positive))
    shapes = (1 - area) / (2 - area) + area / (1 + area)
    factor = max(1, plain / (area * (1 - area) / (m * n) * (1 + ((m + n) / 2 - 1) * shapes)))
    if clustered:
        effect = max(1, obuchowski_variance(found, patients[positive], patients[~positive]) / plain)
        m, n = m / effect, n / effect
    ends = auroc_interval(scores, positive, patients if clustered else None)
    assert ends == pytest.approx(by_roots(area, m, n, factor), abs=1e-12)


def ranked(above: int, below: int) -> tuple[Any, Any]:
    flags = np.arange(above + below) < above
    return flags.astype(float), flags


@pytest.mark.parametrize(("above", "below", "low"), [(3, 3, 0.501), (40, 40, 0.950), (10, 100, 0.891)])
def test_separated_classes_have_an_interval_that_ends_at_one(above: int, below: int, low: float) -> None:
    found = auroc_interval(*ranked(above, below))
    assert found == pytest.approx((low, 1.0), abs=5e-4)
    assert found[1] == 1.0
    scores, flags = ranked(above, below)
    reversed_ = auroc_interval(-scores, flags)
    assert reversed_ == pytest.approx((0.0, 1 - low), abs=5e-4)
    assert reversed_[0] == 0.0


def test_equal_scores_have_an_interval_around_a_half() -> None:
    assert auroc_interval(np.ones(6), np.arange(6) < 3) == pytest.approx((0.153, 0.847), abs=5e-4)


def test_separated_patients_count_once() -> None:
    """Twenty images of four patients say as much as four images."""
    scores, flags = ranked(20, 40)
    patients = np.r_[np.repeat(np.arange(4), 5), np.repeat(np.arange(4, 12), 5)]
    assert auroc_interval(scores, flags, patients) == auroc_interval(*ranked(4, 8))


@pytest.mark.parametrize(
    ("positive", "patients"),
    [
        ([True, False, False], None),
        ([True, True, False], None),
        ([True, True, True], None),
        ([True, True, False, False], [0, 0, 1, 2]),
        ([True, True, False, False], [0, 1, 2, 2]),
        ([], None),
    ],
)
def test_two_of_each_class_are_needed(positive: list[bool], patients: list[int] | None) -> None:
    flags = np.array(positive, dtype=bool)
    people = None if patients is None else np.array(patients)
    assert auroc_interval(np.linspace(0, 1, len(flags)), flags, people) == (None, None)


def test_patients_with_one_sample_each_are_samples() -> None:
    scores, positive, _ = case(3, ties=False)
    assert auroc_interval(scores, positive, np.arange(60)) == auroc_interval(scores, positive)


def test_patients_without_names_are_their_own() -> None:
    codes = patient_codes(["a", None, "b", "a", None])
    assert codes is not None
    assert codes.tolist() == [0, 1, 2, 0, 3]
    assert patient_codes([None, None]) is None
    assert patient_codes([]) is None


@pytest.mark.parametrize(
    ("name", "area"),
    [("3/40", 0.97), ("10/90 rounded", 0.9), ("10/90 mixture", 0.9), ("20/40 x 10", 0.7), ("5/20 x 5", 0.97)],
)
def test_the_interval_holds_the_true_value_as_often_as_it_says(name: str, area: float) -> None:
    """Of 200 drawn data sets; the old interval (DeLong's -+ z standard errors) is compared on the same."""

    def old(scores: Any, positive: Any, _: Any) -> tuple[float, float]:
        found = placements(scores, positive)
        half = 1.96 * math.sqrt(delong_variance(found))
        return float(found.above.mean()) - half, float(found.above.mean()) + half

    assert name in SCENARIOS
    found = coverage(name, area, 200)
    assert 0.915 <= found <= 0.995
    assert coverage(name, area, 200, interval=old) < min(0.9, found)
