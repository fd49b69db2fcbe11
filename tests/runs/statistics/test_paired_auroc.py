"""Paired differences of AUROC against an independent computation, at the edges, and in simulated noise."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import t
from sklearn.metrics import roc_auc_score

from runs.statistics.paired_auroc import Difference, paired_difference
from runs.statistics.roc import Flags, Floats

RNG = np.random.default_rng(7)


def by_pairs(first: Floats, second: Floats, positive: Flags) -> tuple[float, float]:
    """Return the difference and DeLong's variance of it by all pairs of a positive and a negative, as in the paper."""
    kernels = [
        (s[positive][:, None] > s[~positive][None, :]) + 0.5 * (s[positive][:, None] == s[~positive][None, :])
        for s in (first, second)
    ]
    of_positives, of_negatives = (
        np.cov(np.stack([kernel.mean(axis=axis) for kernel in kernels]), ddof=1) for axis in (1, 0)
    )
    contrast = np.array([1.0, -1.0])
    both = of_positives / positive.sum() + of_negatives / (~positive).sum()
    return float(kernels[0].mean() - kernels[1].mean()), float(contrast @ both @ contrast)


@pytest.mark.parametrize("ties", [False, True])
def test_the_difference_and_its_variance_are_delongs(ties: bool) -> None:
    for size in (12, 40, 200):
        positive = np.arange(size) < size // 3
        first, second = (RNG.normal(size=size) + positive * shift for shift in (1.0, 0.6))
        if ties:
            first, second = np.round(first), np.round(second)
        value, variance = by_pairs(first, second, positive)
        found = paired_difference(first, second, positive)
        assert found is not None
        assert found.value == pytest.approx(value, abs=1e-12)
        assert found.value == pytest.approx(roc_auc_score(positive, first) - roc_auc_score(positive, second), abs=1e-12)
        degrees = size // 3 - 1
        assert found.high is not None
        assert found.high - found.value == pytest.approx(t.ppf(0.975, degrees) * variance**0.5, rel=1e-6)
        assert found.p == pytest.approx(2 * t.sf(abs(value) / variance**0.5, degrees), rel=1e-6)


def half(found: Difference | None) -> float:
    """Return the half width of the interval."""
    assert found is not None
    assert found.high is not None
    return found.high - found.value


def test_a_sample_of_each_patient_is_the_same_as_no_patients() -> None:
    positive = np.arange(60) % 3 == 0
    first, second = RNG.normal(size=60) + positive, RNG.normal(size=60) + positive
    alone = paired_difference(first, second, positive)
    assert alone == paired_difference(first, second, positive, RNG.permutation(60))


def test_repeated_images_say_no_more_than_their_patients() -> None:
    """Ten copies of each sample: the interval of the patients stays, that of images alone shrinks by sqrt(10)."""
    positive = np.arange(40) % 2 == 0
    first, second = RNG.normal(size=40) + positive, RNG.normal(size=40) + positive
    once = paired_difference(first, second, positive)
    copies = [np.repeat(each, 10) for each in (first, second, positive, np.arange(40))]
    patients = paired_difference(copies[0], copies[1], copies[2], copies[3])
    images = paired_difference(copies[0], copies[1], copies[2])
    assert half(patients) == pytest.approx(half(once), abs=1e-12)
    assert half(images) < half(once) / 2.5


def test_edges() -> None:
    positive = np.array([True] * 3 + [False] * 3)
    perfect = np.array([0.9, 0.8, 0.7, 0.3, 0.2, 0.1])
    same = paired_difference(perfect, perfect, positive)
    assert same is not None
    assert (same.value, same.low, same.high, same.p, same.excludes_zero) == (0, None, None, 1, False)
    others = paired_difference(
        perfect, perfect**3, positive
    )  # both separate six samples: no certainty that they are alike
    assert others is not None
    assert (others.value, others.low, others.high, others.p) == (0, None, None, 1)
    constant = paired_difference(perfect, np.full(6, 0.5), positive)
    assert constant is not None
    assert (constant.value, constant.excludes_zero) == (0.5, False)  # three against three show nothing
    many = np.repeat(positive, 100)
    shown = paired_difference(np.repeat(perfect, 100), np.full(600, 0.5), many)
    assert shown is not None
    assert shown.excludes_zero
    lone = paired_difference(perfect, -perfect, np.array([True] + [False] * 5))
    assert lone is not None
    assert (lone.low, lone.high, lone.p, lone.excludes_zero) == (None, None, None, False)
    for one_class in (np.ones(6, bool), np.zeros(6, bool)):
        assert paired_difference(perfect, perfect, one_class) is None


def test_noise_is_rarely_taken_for_a_difference() -> None:
    """Of two networks that are equally good, over 400 splits: at most 8 % false alarms at the level of 5 %, by hand."""
    for positives, each in ((8, 1), (20, 1), (15, 6)):
        alarms = 0
        for _ in range(400):
            positive = np.repeat(np.arange(4 * positives) < positives, each)
            patients = np.repeat(np.arange(4 * positives), each)
            shared = np.repeat(RNG.normal(size=4 * positives), each)
            first, second = (positive + shared + np.repeat(RNG.normal(size=4 * positives), each) for _ in range(2))
            found = paired_difference(first, second, positive, patients)
            alarms += found is not None and found.excludes_zero
        assert alarms <= 0.08 * 400
