"""The calibration error by hand and by scikit-learn, and what a perfectly calibrated network would have."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import stats
from sklearn.calibration import calibration_curve

from runs.statistics.calibration import calibration_error
from runs.statistics.calibration.calibration_error import Binned, binned, reliability
from runs.statistics.evaluated import Evaluated
from runs.statistics.score_statistics import final_statistics

NO_YES = ["no", "yes"]


def split(scores: Any, targets: Any, patients: Any = None) -> Evaluated:
    scores, targets = np.array(scores, dtype=float), np.array(targets)
    predicted = (scores >= 0.5).astype(np.int64) if scores.ndim == 1 else scores.argmax(axis=1)
    return Evaluated(scores, targets, predicted, patients)


def drawn(size: int, seed: int, *, surplus: float = 0.0) -> Evaluated:
    random = np.random.default_rng(seed)
    chances = random.random(size) * 0.8
    return split(chances + surplus, (random.random(size) < chances).astype(np.int64))


@pytest.mark.parametrize("seed", range(5))
def test_of_distinct_scores_it_is_scikit_learns_curve_weighted_equally(seed: int) -> None:
    """With 200 samples each of ten bins has 20, as scikit-learn's quantiles have."""
    case = drawn(200, seed)
    true, mean = calibration_curve(case.targets, case.scores, n_bins=10, strategy="quantile")
    assert binned(case).error() == pytest.approx(np.abs(true - mean).mean(), abs=1e-12)
    points = reliability(case)
    assert [point.samples for point in points] == [20] * 10
    assert [point.share for point in points] == pytest.approx(true, abs=1e-12)
    assert [point.mean_score for point in points] == pytest.approx(mean, abs=1e-12)
    for point in points:
        expected = stats.binomtest(round(point.share * 20), 20).proportion_ci(method="wilson")
        assert (point.ci_low, point.ci_high) == pytest.approx((expected.low, expected.high), abs=1e-12)
        assert point.low <= point.mean_score <= point.high


def test_equal_scores_share_the_bin_of_their_middle() -> None:
    """Of 20: 1 below, 12 equal around the 7th, 7 above; nothing depends on the order of samples."""
    scores = np.array([0.1] + [0.3] * 12 + [0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9])
    targets = np.array([0] + [1, 0] * 6 + [1, 0, 1, 1, 1, 1, 1])
    by_hand = (
        abs(0 - 0.1)
        + abs(6 - 12 * 0.3)
        + abs(1 - 0.6)
        + abs(1 - 0.65 - 0.7)
        + abs(2 - 0.75 - 0.8)
        + abs(2 - 0.85 - 0.9)
    ) / 20
    # middles 0.5, 7, 13.5, 14.5, ... of 20: bins 0, 3, 6, 7 7, 8 8, 9 9
    assert binned(split(scores, targets)).error() == pytest.approx(by_hand)
    mixed = np.random.default_rng(0).permutation(20)
    assert binned(split(scores[mixed], targets[mixed])).error() == pytest.approx(by_hand, abs=1e-15)
    assert [point.samples for point in reliability(split(scores, targets))] == [1, 12, 1, 2, 2, 2]


def test_scores_that_are_all_too_high_show_by_how_much() -> None:
    """The old number, of the predicted class's confidence, was 0.0008 here; and nothing depends on the threshold."""
    case = drawn(20_000, 3, surplus=0.1)
    found = [
        final_statistics(case.scores, case.targets, class_names=NO_YES, threshold=threshold)[1]["final_ece"]
        for threshold in (0.2, 0.5)
    ]
    assert found[0] == found[1] == pytest.approx(0.1, abs=0.01)


def test_a_calibrated_network_is_within_what_chance_gives() -> None:
    """Over 60 data sets of 200 about 5 % are above the 95 % point, and the means agree."""
    above, errors, means = 0, list[Any](), list[Any]()
    for seed in range(60):
        case = drawn(200, seed)
        rows = final_statistics(case.scores, case.targets, class_names=NO_YES)[1]
        errors.append(rows["final_ece"])
        means.append(rows["final_ece_if_calibrated"])
        above += rows["final_ece"] > rows["final_ece_if_calibrated_p95"]  # type: ignore[operator]
    assert above <= 8
    assert np.mean(errors) == pytest.approx(np.mean(means), rel=0.1)


def test_what_chance_gives_is_the_mean_over_all_labels() -> None:
    """Two scores, four possible label pairs; the draws must come near the mean over them."""
    case = Binned(np.array([0.2, 0.7]), np.array([False, True]))
    expected = sum(
        (0.2 if a else 0.8) * (0.7 if b else 0.3) * case.error(np.array([bool(a), bool(b)]))
        for a in (0, 1)
        for b in (0, 1)
    )
    assert np.mean([case.errors_if_calibrated(seed).mean() for seed in range(50)]) == pytest.approx(expected, abs=0.01)
    assert case.errors_if_calibrated(4).tolist() == case.errors_if_calibrated(4).tolist()


def test_of_several_classes_it_is_that_of_the_predicted_one() -> None:
    scores = [[0.7, 0.2, 0.1], [0.1, 0.72, 0.18], [0.35, 0.34, 0.31]]
    by_hand = (abs(1 - 0.7) + abs(0 - 0.72) + abs(1 - 0.35)) / 3
    assert binned(split(scores, [0, 2, 0])).error() == pytest.approx(by_hand)


def test_points_follow_patients() -> None:
    case = split([0.2] * 12, [1, 0] * 6, np.repeat(np.arange(3), 4))
    alone = split([0.2] * 12, [1, 0] * 6)
    assert len(reliability(case)) == 1
    assert reliability(case)[0].ci_low < reliability(alone)[0].ci_low  # type: ignore[operator]


@pytest.mark.parametrize(
    ("scores", "targets", "error"), [([0.3], [1], 0.7), ([0.0, 1.0], [0, 1], 0.0), ([1.0], [0], 1)]
)
def test_few_and_extreme_scores(scores: list[float], targets: list[int], error: float) -> None:
    assert binned(split(scores, targets)).error() == pytest.approx(error)


@pytest.mark.parametrize("surplus", [0.0, 0.1])
def test_of_very_many_samples_bins_are_drawn_as_a_whole(monkeypatch: pytest.MonkeyPatch, surplus: float) -> None:
    """To the error of 200 draws they have the distribution of labels that are drawn one by one."""
    case = binned(drawn(20_000, 3, surplus=surplus))
    one_by_one = np.concatenate([case.errors_if_calibrated(seed) for seed in range(10)])
    monkeypatch.setattr(calibration_error, "MOST_DRAWN", 19_999)
    together = np.concatenate([case.errors_if_calibrated(seed) for seed in range(10)])
    assert not np.isin(together, one_by_one).any()
    assert stats.ks_2samp(one_by_one, together).pvalue > 0.001
    assert together.mean() == pytest.approx(one_by_one.mean(), rel=0.03)
