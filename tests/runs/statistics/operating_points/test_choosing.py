"""Points chosen by rules, against scikit-learn's roc_curve: random, tied, degenerate."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from sklearn import metrics as sk

from runs.events import OperatingPoint
from runs.statistics.intervals.proportions import proportion_interval
from runs.statistics.operating_points.applying import applied_points
from runs.statistics.operating_points.choosing import chosen_point, chosen_points
from runs.statistics.operating_points.rules import COST, GIVEN, HAND, RULES, SENSITIVITY, SPECIFICITY
from runs.statistics.predictions import evaluated, scores_from_logits
from runs.statistics.roc import Floats, Ints

CHOSEN = [name for name in RULES if name not in ("own", "half", HAND, SENSITIVITY, SPECIFICITY)]


def points_of(
    scores: Any, targets: Any, *, ratio: float = 5, threshold: float | None = 0.5, **known: Any
) -> dict[str, OperatingPoint]:
    split = evaluated(np.asarray(scores, np.float64), np.asarray(targets, np.int64), threshold=threshold, **known)
    return {point.rule: point for point in chosen_points(split, threshold, {COST: Fraction(str(ratio))})}


def calls(scores: Any, point: OperatingPoint) -> Any:
    assert point.threshold is not None
    return np.asarray(scores) >= point.threshold


def counts(point: OperatingPoint) -> tuple[Any, ...]:
    return tuple(point.statistics[name] for name in ("cm_tp", "cm_tn", "cm_fp", "cm_fn"))


def reference(scores: Floats, targets: Ints, ratio: float) -> dict[str, tuple[int, int] | None]:
    """Find (true, false positives) of each rule on scikit-learn's ROC; None where only an end keeps it."""
    positives, negatives = int(targets.sum()), int((1 - targets).sum())
    false_rate, true_rate, _ = sk.roc_curve(targets, scores, drop_intermediate=False)
    curve = [(round(t * positives), round(f * negatives)) for t, f in zip(true_rate, false_rate, strict=True)]
    inner = curve[1:-1]
    found: dict[str, tuple[int, int] | None] = {}
    for percent in (95, 90):
        reaching = [(t, f) for t, f in curve if Fraction(t, positives) >= Fraction(percent, 100) and f < negatives]
        found[f"sensitivity_{percent}"] = min(reaching, key=lambda at: (at[1], -at[0]), default=None)
    clear = [(t, f) for t, f in curve if Fraction(negatives - f, negatives) >= Fraction(95, 100) and t]
    found["specificity_95"] = max(clear, key=lambda at: (at[0], -at[1]), default=None)
    youden = max(curve, key=lambda at: (Fraction(at[0], positives) - Fraction(at[1], negatives), at[0]))
    found["youden"] = youden if Fraction(youden[0], positives) > Fraction(youden[1], negatives) else None
    values: dict[str, Any] = {
        "f1": lambda at: Fraction(2 * at[0], positives + at[0] + at[1]),
        "cost": lambda at: -(Fraction(str(ratio)) * (positives - at[0]) + at[1]),
    }
    for name, value in values.items():
        best = max(map(value, curve))
        found[name] = max((at for at in inner if value(at) == best), key=lambda at: at[0] + at[1], default=None)
    return found


@pytest.mark.parametrize("seed", range(60))
def test_points_are_those_of_the_roc_curve(seed: int) -> None:
    random = np.random.default_rng(seed)
    size = int(random.integers(2, 120))
    targets = (random.random(size) < random.choice([0.1, 0.3, 0.5])).astype(np.int64)
    targets[:2] = (0, 1)
    scores = scores_from_logits(random.normal(size=size) + random.choice([-1, 0, 1, 3]) * targets)
    if seed % 2:
        scores = np.round(scores, int(random.integers(1, 3)))  # tied
    ratio = float(random.choice([0.1, 0.2, 1, 5, 20]))
    found = points_of(scores, targets, ratio=ratio)
    for name, expected in reference(scores, targets, ratio).items():
        point = found[name]
        if expected is None:
            assert point.reason
            assert point.threshold is None
            assert point.statistics == {}
            continue
        assert [point.statistics["cm_tp"], point.statistics["cm_fp"]] == list(expected), name
        said = calls(scores, point)
        assert counts(point) == tuple(
            int(part) for part in np.array(sk.confusion_matrix(targets, said, labels=[0, 1])).ravel()[[3, 0, 1, 2]]
        )
        assert (scores.astype(np.float32) >= np.float32(point.threshold or 0)).tolist() == said.tolist()
        assert point.statistics["final_sensitivity"] == pytest.approx(sk.recall_score(targets, said))
        assert point.statistics["final_specificity"] == pytest.approx(sk.recall_score(targets, said, pos_label=0))
        assert point.statistics["final_precision_cm"] == pytest.approx(sk.precision_score(targets, said))
        assert point.statistics["final_npv"] == pytest.approx(sk.precision_score(targets, said, pos_label=0))


def test_nineteen_of_twenty_are_95_percent() -> None:
    """Comparing .95 with 19 / 20 in floats depends on rounding; and a twentieth found for nothing is taken."""
    scores = np.concatenate([np.linspace(0.6, 0.9, 19), [0.1], np.linspace(0.2, 0.5, 20)])
    found = points_of(scores, [1] * 20 + [0] * 20)
    assert counts(found["sensitivity_95"]) == (19, 20, 0, 1)
    assert found["sensitivity_95"].threshold == pytest.approx(0.55)
    assert counts(found["specificity_95"]) == (19, 20, 0, 1)
    free = points_of(np.concatenate([np.linspace(0.6, 0.9, 20), np.linspace(0.2, 0.5, 20)]), [1] * 20 + [0] * 20)
    assert counts(free["sensitivity_90"]) == (20, 20, 0, 0)


def test_the_runs_own_threshold_comes_first_and_one_half_beside_another() -> None:
    assert list(points_of([0.2, 0.8], [0, 1])) == ["own", *CHOSEN]
    found = points_of([0.2, 0.3, 0.4, 0.8], [0, 0, 1, 1], threshold=0.3)
    assert list(found) == ["own", "half", *CHOSEN]
    assert counts(found["own"]) == (2, 1, 1, 0)
    assert counts(found["half"]) == (1, 2, 0, 1)


def test_perfect_scores_have_all_points_between_the_classes() -> None:
    found = points_of([0.1, 0.2, 0.8, 0.9], [0, 0, 1, 1])
    for name in CHOSEN:
        assert found[name].threshold == 0.5
        assert counts(found[name]) == (2, 2, 0, 0)
    assert found["youden"].statistics["final_sensitivity_ci_low"] == pytest.approx(0.342380, abs=1e-6)


@pytest.mark.parametrize("scores", [[0.4] * 6, [0.9, 0.8, 0.7, 0.3, 0.2, 0.1]])
def test_constant_and_wholly_wrong_scores_have_reasons(scores: list[float]) -> None:
    found = points_of(scores, [0, 0, 0, 1, 1, 1])
    reasons = {name: found[name].reason or "" for name in CHOSEN}
    assert "all negative samples" in reasons["sensitivity_95"]
    assert "90 %" in reasons["sensitivity_90"]
    assert "no positive sample is found" in reasons["specificity_95"]
    assert "chance" in reasons["youden"]
    assert "every sample positive" in reasons["f1"]
    assert "every sample positive costs least" in reasons["cost"]
    assert {found[name].threshold for name in CHOSEN} == {None}
    assert "no sample positive costs least" in str(points_of(scores, [0, 0, 0, 1, 1, 1], ratio=0.01)["cost"].reason)


@pytest.mark.parametrize(("label", "kind"), [(0, "positive"), (1, "negative")])
@pytest.mark.parametrize("size", [1, 5])
def test_one_class_alone_has_no_points_but_its_own_numbers(label: int, kind: str, size: int) -> None:
    found = points_of(np.linspace(0.1, 0.9, size), [label] * size)
    for name in CHOSEN:
        assert (found[name].threshold, found[name].log_odds, found[name].statistics) == (None, None, {})
        assert found[name].reason == f"The validation split has no {kind} samples."
    assert sum(counts(found["own"])) == size
    assert found["own"].statistics["final_specificity" if label else "final_sensitivity"] is None


def test_several_classes_have_no_points() -> None:
    assert chosen_points(evaluated(np.eye(3), np.array([0, 1, 2])), None) == []


def test_confident_logits_are_told_apart_by_log_odds() -> None:
    """The scores of all are 1 in double precision, and cannot be cut."""
    logits = np.array([38.0, 39.0, 41.0, 42.0])
    split = evaluated(scores_from_logits(logits), np.array([0, 0, 1, 1]), logits=logits)
    for point in chosen_points(split, 0.5)[1:]:
        assert point.log_odds == 40.0
        assert counts(point) == (2, 2, 0, 0)


def test_scores_alike_in_single_precision_only_are_told_apart_by_log_odds() -> None:
    logits = np.array([17.5, 18.0, 18.5, 19.0])
    scores = scores_from_logits(logits)
    assert len(set(scores)) == 4
    assert len(set(scores.astype(np.float32))) == 1
    val = evaluated(scores, np.array([0, 0, 1, 1]), logits=logits)
    points = chosen_points(val, 0.5)
    assert [point.log_odds for point in points[1:]] == [18.25] * 5
    nearly = np.array([18.24, 18.26])
    test = evaluated(scores_from_logits(nearly), np.array([0, 1]), logits=nearly)
    assert [counts(point) for point in applied_points(test, points)[1:]] == [(1, 1, 0, 0)] * 5
    alone = chosen_points(evaluated(scores, np.array([0, 0, 1, 1])), 0.5)  # the logits are not known
    assert [point.log_odds for point in alone] == [None] * 6
    assert [counts(point) for point in alone[1:]] == [(2, 2, 0, 0)] * 5


def test_a_threshold_is_applied_to_another_split_as_it_is() -> None:
    val = evaluated(np.array([0.1, 0.2, 0.8, 0.9]), np.array([0, 0, 1, 1]))
    points = chosen_points(val, None)
    test = evaluated(np.array([0.49, 0.5, 0.6]), np.array([1, 0, 1]))
    for chosen, applied in zip(points, applied_points(test, points), strict=True):
        assert (applied.rule, applied.threshold) == (chosen.rule, chosen.threshold)
        assert counts(applied) == (1, 0, 1, 1)
    none = chosen_points(evaluated(np.array([0.4, 0.4]), np.array([0, 1])), None)
    assert applied_points(test, none)[1:] == none[1:]


def test_intervals_follow_patients() -> None:
    random = np.random.default_rng(3)
    patients = np.repeat(np.arange(20), 5)
    targets = np.repeat(random.integers(0, 2, 20), 5)
    scores = scores_from_logits(random.normal(size=100) + targets)
    point = points_of(scores, targets, patients=patients)["youden"]
    said = calls(scores, point)
    own = targets == 1
    assert (point.statistics["final_sensitivity_ci_low"], point.statistics["final_sensitivity_ci_high"]) == (
        proportion_interval(said[own], patients[own])
    )
    alone = points_of(scores, targets)["youden"]
    assert alone.threshold == point.threshold
    assert alone.statistics["final_sensitivity_ci_low"] != point.statistics["final_sensitivity_ci_low"]


@pytest.mark.parametrize("share", ["0.8", "0.973", "1", "0.3333333"])
def test_any_least_share_can_be_asked_for(share: str) -> None:
    random = np.random.default_rng(3)
    targets = random.integers(0, 2, 300)
    scores = np.round(random.normal(size=300) + targets, 1)
    split = evaluated(scores, targets)
    least, positives, negatives = Fraction(share), int(targets.sum()), int((1 - targets).sum())
    cuts = np.unique(scores)[1:]  # each calls some, not all
    found = [(int(targets[scores >= cut].sum()), int((1 - targets)[scores >= cut].sum())) for cut in cuts]
    reaching = [at for at in found if Fraction(at[0], positives) >= least and at[1] < negatives]
    point = chosen_point(split, SENSITIVITY, Fraction(share))
    assert (counts(point)[0], counts(point)[2]) == min(reaching, key=lambda at: (at[1], -at[0]))
    clear = [at for at in found if Fraction(negatives - at[1], negatives) >= least and at[0]]
    point = chosen_point(split, SPECIFICITY, Fraction(share))
    if clear:
        assert (counts(point)[0], counts(point)[2]) == max(clear, key=lambda at: (at[0], -at[1]))
    else:
        assert point.reason
        assert f"{float(100 * least):g} %" in point.reason


def test_one_point_is_that_of_all_points() -> None:
    random = np.random.default_rng(4)
    targets = random.integers(0, 2, 200)
    split = evaluated(random.normal(size=200) + targets, targets)
    numbers = {COST: Fraction(3), SENSITIVITY: Fraction(9, 10), SPECIFICITY: Fraction(8, 10)}
    points = {point.rule: point for point in chosen_points(split, None, numbers)}
    assert [name for name in points if name in GIVEN] == [COST, SENSITIVITY, SPECIFICITY]
    for name in ("youden", "f1", *GIVEN):
        assert chosen_point(split, name, numbers.get(name)) == points[name]
    assert counts(points[SENSITIVITY]) == counts(points["sensitivity_90"])
