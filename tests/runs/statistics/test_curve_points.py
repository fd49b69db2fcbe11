"""Points of ROC and precision-recall curve, against scikit-learn: exact on the curve, whatever ties there are."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, precision_recall_curve, roc_auc_score, roc_curve

from runs.statistics.curve_points import Steps, precision_recall_points, roc_points, steps, stops
from runs.statistics.roc import Flags, Floats

RANDOM = np.random.default_rng(8)
LABELS = RANDOM.random(400) < 0.3
CASES = {
    "distinct": (RANDOM.normal(size=400) + LABELS, LABELS),
    "ties": (np.round(RANDOM.normal(size=400) + LABELS, 1), LABELS),
    "constant": (np.full(400, 0.5), LABELS),
    "two values": ((RANDOM.random(400) < 0.5).astype(float), LABELS),
    "perfect": (LABELS + RANDOM.random(400) / 2, LABELS),
    "all wrong": (RANDOM.random(400) / 2 - LABELS, LABELS),
    "one of each": (np.array([0.3, 0.7]), np.array([False, True])),
}


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest) -> tuple[Floats, Flags]:
    return CASES[request.param]


def counted(scores: Floats, positive: Flags) -> Steps:
    return steps(scores, scores, positive)


def test_steps_are_those_of_scikit_learn(case: tuple[Floats, Flags]) -> None:
    scores, positive = case
    found = counted(scores, positive)
    false, true, thresholds = roc_curve(positive, scores, drop_intermediate=False)
    assert found.thresholds.tolist() == thresholds[1:].tolist()
    assert (found.true / positive.sum()).tolist() == true[1:].tolist()
    assert (found.false / (~positive).sum()).tolist() == false[1:].tolist()


def test_the_roc_through_its_corners_has_the_exact_area(case: tuple[Floats, Flags]) -> None:
    scores, positive = case
    found = roc_points(counted(scores, positive), 1000)
    _, true, _ = roc_curve(positive, scores, drop_intermediate=True)
    assert len(found.true) <= len(true)
    area = np.trapezoid(np.append(0, found.true), np.append(0, found.false)) / positive.sum() / (~positive).sum()
    assert area == pytest.approx(roc_auc_score(positive, scores), abs=1e-12)


def test_precision_recall_has_the_average_precision_and_is_on_the_curve(case: tuple[Floats, Flags]) -> None:
    scores, positive = case
    found = precision_recall_points(counted(scores, positive), 1000)
    precision = found.true / (found.true + found.false)
    gained = np.diff(found.true, prepend=0) / positive.sum()
    assert (gained * precision).sum() == pytest.approx(average_precision_score(positive, scores), abs=1e-12)
    expected, recalls, thresholds = precision_recall_curve(positive, scores)
    curve = dict(zip(thresholds.tolist(), zip(recalls.tolist(), expected.tolist(), strict=False), strict=False))
    for place, threshold in enumerate(found.thresholds.tolist()):
        assert curve[threshold] == (found.true[place] / positive.sum(), precision[place])


def test_many_points_are_thinned_to_some_of_the_curve_with_both_ends() -> None:
    positive = np.random.default_rng(1).random(50_000) < 0.2
    whole = counted(np.random.default_rng(2).normal(size=50_000) + positive, positive)
    rows = set(zip(*(part.tolist() for part in whole), strict=True))
    for found in (roc_points(whole, 500), precision_recall_points(whole, 500)):
        assert 300 < len(found.true) <= 500
        assert set(zip(*(part.tolist() for part in found), strict=True)) <= rows
    roc, curve = roc_points(whole, 500), precision_recall_points(whole, 500)
    assert (roc.true[-1], roc.false[-1]) == (whole.true[-1], whole.false[-1])
    assert curve.true[-1] == whole.true[-1]
    area = np.trapezoid(np.append(0, roc.true), np.append(0, roc.false)) / roc.true[-1] / roc.false[-1]
    assert area == pytest.approx(np.trapezoid(whole.true, whole.false) / whole.true[-1] / whole.false[-1], abs=0.002)


@pytest.mark.parametrize("present", [True, False])
def test_one_class_alone_has_points_but_no_curve(present: bool) -> None:
    found = counted(np.array([0.1, 0.9, 0.5]), np.full(3, present))
    assert roc_points(found, 500).true.tolist() == ([3] if present else [0])
    assert precision_recall_points(found, 500).true.tolist() == ([3] if present else [])


def test_nothing_has_no_points() -> None:
    found = counted(np.empty(0), np.empty(0, np.bool_))
    assert [
        len(part) for part in (*roc_points(found, 5), *precision_recall_points(found, 5), *stops(found, [0.5], 5))
    ] == [0] * 9


def test_stops_are_all_thresholds_or_some_with_those_that_decide() -> None:
    positive = np.arange(1000) % 3 == 0
    whole = counted(np.arange(1000) / 1000, positive)
    assert stops(whole, [], 1000) is whole
    found = stops(whole, [0.4321, 0.8765], 100)
    assert 100 <= len(found.true) <= 102
    assert found.thresholds[-1] == 0.0
    for threshold in (0.4321, 0.8765):
        decides = int((found.thresholds >= threshold).sum()) - 1
        assert (found.true[decides], found.false[decides]) == _counts(np.arange(1000) / 1000, positive, threshold)
    above = stops(whole, [2.0], 100)  # decides nothing: the highest stays
    assert above.thresholds[0] == whole.thresholds[0]


def test_logits_part_what_scores_tie() -> None:
    ranks, positive = np.array([40.0, 41.0, 42.0, 0.0]), np.array([False, True, True, False])
    found = steps(ranks, np.array([1.0, 1.0, 1.0, 0.5]), positive)
    assert found.thresholds.tolist() == [1.0, 1.0, 1.0, 0.5]
    assert (found.true.tolist(), found.false.tolist()) == ([1, 2, 2, 2], [0, 0, 1, 2])


def _counts(scores: Any, positive: Any, threshold: float) -> tuple[int, int]:
    said = scores >= threshold
    return int((said & positive).sum()), int((said & ~positive).sum())
