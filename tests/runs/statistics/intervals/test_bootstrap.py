"""Numbers of resamples are scikit-learn's of the drawn samples; ends are scipy's; every number has an interval."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, cast

import numpy as np
import pytest
from scipy import stats
from sklearn import metrics as sk

from runs.statistics.evaluated import Evaluated
from runs.statistics.intervals.bootstrap_ends import bootstrap_ends, without_width
from runs.statistics.intervals.bootstrap_intervals import MOST_RANKED
from runs.statistics.intervals.resampling import Resampling, columns, resampling
from runs.statistics.intervals.running_sums import Buffers
from runs.statistics.intervals.weighted_counts import WeightedCounts
from runs.statistics.intervals.weighted_ranking import WeightedRanking
from runs.statistics.matrix_statistics import FINAL_METRICS
from runs.statistics.score_statistics import final_statistics

NO_YES = ["no", "yes"]
RAISED_BY_CHANCE = ("final_ece", "final_brier_")


def binary(seed: int, *, size: int = 120, people: int = 30, digits: int = 1) -> Evaluated:
    random = np.random.default_rng(seed)
    patients = np.append(np.arange(people), random.integers(0, people, size - people))
    scores = np.clip((random.random(size) + random.random(people)[patients]) / 2, 0, 1).round(digits)
    targets = (random.random(size) < scores).astype(np.int64)
    return Evaluated(scores, targets, (scores >= 0.5).astype(np.int64), patients)


def several(seed: int, *, size: int = 150, people: int = 40, classes: int = 4) -> Evaluated:
    random = np.random.default_rng(seed)
    patients = np.append(np.arange(people), random.integers(0, people, size - people))
    scores = random.dirichlet(np.ones(classes), size).round(2) + 0.01
    scores /= scores.sum(axis=1, keepdims=True)
    targets = np.array([random.choice(classes, p=row) for row in scores])
    return Evaluated(scores, targets, scores.argmax(axis=1), patients)


def drawn_samples(plan: Resampling, rows: Any) -> list[Any]:
    """List, for each row of weights, the positions of all samples of the drawn patients, as often as drawn."""
    return [np.repeat(np.arange(len(plan.units)), row[plan.units]) for row in rows]


@pytest.mark.parametrize("seed", range(4))
def test_numbers_of_two_classes_are_scikit_learns_of_the_drawn_samples(seed: int) -> None:
    split = binary(seed)
    plan = resampling(split, 1)
    weights = plan.weights((1, 31))
    counts, buffers = WeightedCounts(split, 2, plan.units, plan.people), Buffers()
    whole, by_class = counts.numbers(counts.totals(columns(weights)))
    ranked = WeightedRanking(split.order_of(1), split.own(1), plan.units, buffers, with_auroc=True).numbers(
        columns(weights)
    )
    assert ranked.auroc is not None
    for row, at in enumerate(drawn_samples(plan, weights)):
        y, said, scores = split.targets[at], split.predicted[at], split.scores[at]
        found = [
            by_class["f1"][row, 1], whole["mcc"][row], whole["balanced_accuracy"][row], whole["brier"][row],
            whole["log_loss"][row], ranked.average_precision[row], ranked.auroc[row],
        ]  # fmt: skip
        assert found == pytest.approx(
            [
                sk.f1_score(y, said), sk.matthews_corrcoef(y, said), sk.balanced_accuracy_score(y, said),
                sk.brier_score_loss(y, scores), sk.log_loss(y, scores), sk.average_precision_score(y, scores),
                sk.roc_auc_score(y, scores),
            ],
            abs=1e-12,
        )  # fmt: skip


@pytest.mark.parametrize("seed", range(3))
def test_numbers_of_several_classes_are_scikit_learns_of_the_drawn_samples(seed: int) -> None:
    split = several(seed)
    plan = resampling(split, 4)
    weights = plan.weights((1, 21))
    counts, buffers = WeightedCounts(split, 4, plan.units, plan.people), Buffers()
    whole, by_class = counts.numbers(counts.totals(columns(weights)))
    rankings = [
        WeightedRanking(split.order_of(k), split.own(k), plan.units, buffers, with_auroc=True) for k in range(4)
    ]
    ranked = [ranking.numbers(columns(weights)) for ranking in rankings]
    for row, at in enumerate(drawn_samples(plan, weights)):
        y, said, scores = split.targets[at], split.predicted[at], split.scores[at]
        options: dict[str, Any] = {"labels": sorted(set(y)), "average": "macro", "zero_division": 0}
        found = {name: whole[name][row] for name in ("precision", "recall", "f1", "mcc", "balanced_accuracy")}
        assert found == pytest.approx(
            {
                "precision": sk.precision_score(y, said, **options),
                "recall": sk.recall_score(y, said, **options),
                "f1": sk.f1_score(y, said, **options),
                "mcc": sk.matthews_corrcoef(y, said),
                "balanced_accuracy": sk.recall_score(y, said, **options),
            },
            abs=1e-12,
        )
        assert whole["brier"][row] == pytest.approx(sk.brier_score_loss(y, scores, labels=range(4)), abs=1e-12)
        assert whole["log_loss"][row] == pytest.approx(sk.log_loss(y, scores, labels=range(4)), abs=1e-12)
        for k in range(4):
            one = cast("Any", ranked[k].auroc)[row], ranked[k].average_precision[row], by_class["f1"][row, k]
            assert one == pytest.approx(
                (
                    sk.roc_auc_score(y == k, scores[:, k]),
                    sk.average_precision_score(y == k, scores[:, k]),
                    sk.f1_score(y == k, said == k),
                ),
                abs=1e-12,
            )


def test_a_class_that_is_never_predicted_counts_as_nought_and_an_absent_one_not_at_all() -> None:
    targets, predicted = np.array([0, 0, 1, 2, 2]), np.array([0, 2, 0, 2, 2])
    split = Evaluated(np.eye(4)[predicted], targets, predicted, None)
    counts = WeightedCounts(split, 4, np.arange(5), 5)
    whole, _ = counts.numbers(counts.totals(np.ones((5, 1), dtype=np.int32)))
    found = whole["precision"][0]
    assert found == pytest.approx(
        sk.precision_score(targets, predicted, labels=[0, 1, 2], average="macro", zero_division=0)
    )


@pytest.mark.parametrize("seed", range(6))
def test_ends_are_scipys(seed: int) -> None:
    """Give scipy our resamples: what it makes of them must be the same, corrected and not."""
    random = np.random.default_rng(seed)
    data = random.exponential(size=40)
    drawn = np.array([random.choice(data, 40).mean() for _ in range(500)])
    left_out = np.array([np.delete(data, i).mean() for i in range(40)])

    def scipys(method: str) -> tuple[float, float]:
        given = stats._resampling.BootstrapResult(None, drawn, None)
        found = stats.bootstrap((data,), np.mean, n_resamples=0, method=method, bootstrap_result=given)
        return found.confidence_interval.low, found.confidence_interval.high

    assert bootstrap_ends(data.mean(), drawn, left_out) == pytest.approx(scipys("BCa"), rel=1e-9)
    assert bootstrap_ends(data.mean(), drawn, None) == pytest.approx(scipys("percentile"), rel=1e-9)


def test_resamples_without_the_number_do_not_count() -> None:
    drawn = np.array([0.1, 0.2, math.nan, 0.3])
    assert bootstrap_ends(0.2, drawn, None) == bootstrap_ends(0.2, drawn[[0, 1, 3]], None)
    assert bootstrap_ends(0.2, np.array([math.nan, math.nan, 0.1]), None) == (None, None)
    assert bootstrap_ends(math.nan, drawn, None) == (None, None)
    assert without_width(bootstrap_ends(0.5, np.full(9, 0.5), np.full(4, 0.5)))


def test_the_draws_depend_on_labels_and_patients_alone() -> None:
    split = binary(1)
    other = split._replace(scores=split.scores[::-1].copy())
    assert resampling(split, 1).seed == resampling(other, 1).seed
    assert resampling(split._replace(patients=None), 1).seed != resampling(split, 1).seed
    first = final_statistics(split.scores, split.targets, class_names=NO_YES, patients=split.patients)[1]
    assert first == final_statistics(split.scores, split.targets, class_names=NO_YES, patients=split.patients)[1]


def test_each_patient_is_drawn_and_left_out() -> None:
    plan = resampling(binary(2), 1)
    rows = np.concatenate([plan.weights(block) for block in plan.blocks()])
    assert rows.shape == (1 + 2000 + 30, 30)
    assert (rows[0] == 1).all()
    assert (rows[1:2001].sum(axis=1) == 30).all()
    assert abs(rows[1:2001].var(axis=0).mean() - 29 / 30) < 0.02
    assert (rows[2001:] == 1 - np.eye(30)).all()


def test_many_patients_are_not_left_out_and_many_samples_are_drawn_less_often() -> None:
    few = Resampling(np.arange(2001), 2001, 2000, 0)
    assert not few.jackknifed
    assert few.blocks()[-1][1] == 2001
    targets = np.zeros(1_000_000, dtype=np.int64)
    million = Evaluated(np.zeros(1), targets, targets, np.arange(1_000_000) % 100_000)
    assert resampling(million, 1).draws == 2000
    assert 200 < resampling(million._replace(patients=None), 1).draws < 2000
    assert resampling(million, 1000).draws == 200


def intervals(rows: Any) -> dict[str, tuple[Any, Any]]:
    return {
        name: (rows[f"{name}_ci_low"], rows[f"{name}_ci_high"]) for name in rows if f"{name}_ci_low" in rows
    }  # fmt: skip


@pytest.mark.parametrize("patients", [True, False])
@pytest.mark.parametrize("make", [binary, several])
def test_every_number_but_those_that_chance_raises_has_an_interval_around_it(
    make: Callable[[int], Evaluated], patients: bool
) -> None:
    split = make(3)
    names = NO_YES if make is binary else list("abcd")
    _, rows = final_statistics(
        split.scores, split.targets, class_names=names, patients=split.patients if patients else None
    )
    found = {name.replace("_ci_low", ""): name for name in rows if "_ci_low" in name}
    for row, value in rows.items():
        metric, _, label = row.partition("/")
        if metric not in FINAL_METRICS or metric.startswith(RAISED_BY_CHANCE):
            continue
        low, high = (rows[f"{metric}_ci_{end}" + (f"/{label}" if label else "")] for end in ("low", "high"))
        assert low is not None, row
        assert high is not None, row
        assert low < cast("float", value) < high, row
    assert not [name for name in found if name.startswith(RAISED_BY_CHANCE)]


def final(scores: list[float], targets: list[int], **options: Any) -> dict[str, Any]:
    return final_statistics(np.array(scores), np.array(targets), class_names=NO_YES, **options)[1]


def test_what_is_right_without_exception_has_a_width() -> None:
    """The same in all resamples: 20 of 20 found and 20 of 20 cleared may be 83.9 % of each."""
    rows = final([0.9] * 20 + [0.1] * 20, [1] * 20 + [0] * 20)
    found = intervals(rows)
    rate = stats.binomtest(20, 20).proportion_ci(method="wilson").low
    assert found["final_balanced_accuracy"] == (pytest.approx(rate), 1.0)
    assert found["final_f1_cm"] == (pytest.approx(2 * rate / (2 * rate + 2 * (1 - rate))), 1.0)
    assert found["final_mcc"] == (pytest.approx(2 * rate - 1), 1.0)
    assert found["final_average_precision"] == (pytest.approx(rate * rate + (1 - rate) / 2), 1.0)
    assert found["final_brier"] == (None, None)  # one error of one size: nothing to learn from
    twice = intervals(final([0.9] * 20 + [0.1] * 20, [1] * 20 + [0] * 20, patients=np.arange(40) // 2))
    assert twice["final_mcc"][0] < found["final_mcc"][0]


def test_few_positives_all_found_widen_what_depends_on_them() -> None:
    """The resamples of three positives that are all found know a sensitivity of 1 alone; Wilson's goes down to 44 %."""
    negatives = np.linspace(0.05, 0.7, 40)
    rows = final([0.9, 0.8, 0.7, *negatives.tolist()], [1, 1, 1] + [0] * 40)
    found, correct = intervals(rows), int((negatives < 0.5).sum())
    least = stats.binomtest(3, 3).proportion_ci(method="wilson").low
    cleared = stats.binomtest(correct, 40).proportion_ci(method="wilson")
    assert found["final_balanced_accuracy"][0] == pytest.approx((least + cleared.low) / 2)
    assert found["final_balanced_accuracy"][1] >= (1 + cleared.high) / 2 - 1e-12
    weights = [40 * cleared.low, 40 * (1 - cleared.low), 3 * (1 - least), 3 * least]
    corner = sk.matthews_corrcoef([0, 0, 1, 1], [0, 1, 0, 1], sample_weight=weights)
    assert found["final_mcc"][0] <= corner + 1e-12
    assert rows["final_balanced_accuracy"] == (1 + correct / 40) / 2


@pytest.mark.parametrize("found", [1, 3])
def test_positives_of_one_patient_tell_nothing_of_other_patients(found: int) -> None:
    """Sensitivity and AUROC have no interval then, so that what is made of them has none, be all found or not."""
    random = np.random.default_rng(5)
    targets = np.array([0] * 60 + [1] * 3)
    scores = np.concatenate([random.uniform(0.05, 0.6, 60), np.where(np.arange(3) < found, 0.55, 0.45)])
    patients = np.concatenate([np.arange(60) // 3, [20] * 3])
    _, rows = final_statistics(scores, targets, class_names=["well", "ill"], patients=patients)
    unknown = {name for name, value in rows.items() if name.endswith("_ci_low") and value is None}
    of_both = ("auroc_cm", "sensitivity", "recall_cm", "f1_cm", "balanced_accuracy", "mcc", "average_precision")
    line = ("calibration_slope", "calibration_intercept")
    assert unknown == {f"final_{name}_ci_low" for name in (*of_both, *line)}
    assert {name.replace("_high", "_low") for name, value in rows.items() if value is None} == unknown
    assert rows["final_specificity_ci_low"] is not None
    turned = final_statistics(1 - scores, 1 - targets, class_names=["ill", "well"], patients=patients)[1]
    assert turned["final_balanced_accuracy_ci_low"] is turned["final_mcc_ci_high"] is None


def test_one_positive_sample_has_the_interval_that_sensitivity_allows() -> None:
    """Found, its sensitivity may be 21 % (Wilson): balanced accuracy reaches as far; draws would all have found it."""
    scores, targets = np.append(np.linspace(0.05, 0.6, 40), 0.58), np.append(np.zeros(40, dtype=np.int64), 1)
    _, rows = final_statistics(scores, targets, class_names=["well", "ill"])
    low, specificity = rows["final_balanced_accuracy_ci_low"], rows["final_specificity_ci_low"]
    assert low == pytest.approx((0.2065 + specificity) / 2, abs=1e-4)  # type: ignore[operator]
    assert rows["final_average_precision_ci_low"] is None
    assert rows["final_auroc_cm_ci_low"] is None


def test_all_wrong_has_a_width() -> None:
    found = intervals(final([0.1] * 8 + [0.9] * 8, [1] * 8 + [0] * 8))
    rate = stats.binomtest(0, 8).proportion_ci(method="wilson").high
    assert found["final_balanced_accuracy"] == (0.0, pytest.approx(rate))
    assert found["final_mcc"] == (-1.0, pytest.approx(2 * rate - 1))
    assert found["final_f1_cm"] == (0.0, pytest.approx(rate))


def test_several_classes_without_a_mistake_have_a_width() -> None:
    targets = np.repeat(np.arange(3), 10)
    scores = np.eye(3)[targets] * 0.7 + 0.1
    _, rows = final_statistics(scores, targets, class_names=list("abc"))
    found, rate = intervals(rows), stats.binomtest(10, 10).proportion_ci(method="wilson").low
    assert found["final_balanced_accuracy"] == found["final_recall_cm"] == (pytest.approx(rate), 1.0)
    spread = np.full((3, 3), 5 * (1 - rate)) + np.eye(3) * (10 * rate - 5 * (1 - rate))
    truth, said = np.indices((3, 3)).reshape(2, 9)
    assert found["final_mcc"] == (
        pytest.approx(sk.matthews_corrcoef(truth, said, sample_weight=spread.ravel())), 1.0
    )  # fmt: skip
    assert found["final_auroc_cm"][1] == found["final_f1_cm"][1] == found["final_average_precision"][1] == 1.0
    assert 0.5 < found["final_auroc_cm"][0] < 1
    assert 0.5 < found["final_f1_cm"][0] < 1


@pytest.mark.parametrize("score", [0.2, 0.7])
def test_constant_scores(score: float) -> None:
    found = intervals(final([score] * 12, [0, 1] * 6))
    assert found["final_auroc_cm"][0] < 0.5 < found["final_auroc_cm"][1]
    assert found["final_balanced_accuracy"][0] < 0.5 < found["final_balanced_accuracy"][1]
    assert found["final_mcc"] == (None, None)
    assert found["final_average_precision"][0] < 0.5 < found["final_average_precision"][1]
    assert found["final_brier"][0] < found["final_brier"][1]


def test_one_class_alone_has_no_interval_of_what_needs_both() -> None:
    found = intervals(final([0.1, 0.6, 0.7, 0.2], [0, 0, 0, 0]))
    for name in ("auroc_cm", "balanced_accuracy", "mcc", "average_precision", "sensitivity", "f1_cm"):
        assert found[f"final_{name}"] == (None, None), name
    assert found["final_specificity"][0] < 0.5 < found["final_specificity"][1]


@pytest.mark.parametrize("patients", [None, np.zeros(1, dtype=np.int64)])
def test_one_sample_has_wilsons_intervals_alone(patients: Any) -> None:
    found = intervals(final([0.7], [1], patients=patients))
    known = {name for name, ends in found.items() if ends != (None, None)}
    assert known == {f"final_{name}" for name in ("precision_cm", "recall_cm", "sensitivity", "accuracy_cm")}


def test_one_patient_has_no_interval() -> None:
    found = intervals(final([0.7, 0.2, 0.6, 0.1], [1, 0, 0, 1], patients=np.zeros(4, dtype=np.int64)))
    assert set(found.values()) == {(None, None)}


def test_very_many_scores_are_not_ranked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    split = several(4)
    assert len(split.targets) * 4 < MOST_RANKED
    monkeypatch.setattr("runs.statistics.intervals.bootstrap_intervals.MOST_RANKED", 599)
    _, rows = final_statistics(split.scores, split.targets, class_names=list("abcd"), patients=split.patients)
    found = intervals(rows)
    assert found["final_average_precision"] == found["final_auroc_cm"] == (None, None)
    assert rows["final_average_precision_ci_low/a"] is None
    assert rows["final_auroc_cm_ci_low/a"] is not None
    assert found["final_f1_cm"][0] is not None


def test_intervals_hold_the_true_value_as_often_as_they_say() -> None:
    """Of 150 drawn data sets, 40 patients with 5 similar images each; truths are those of a million images."""
    random, patients = np.random.default_rng(8), np.repeat(np.arange(40), 5)

    def draw(of: Any) -> tuple[Any, Any]:
        common, own = random.normal(size=of.max() + 1)[of], random.normal(size=len(of))
        ill = (random.random(of.max() + 1) < 0.4)[of]
        scores = 1 / (1 + np.exp(-(math.sqrt(0.6) * common + math.sqrt(0.4) * own + 1.5 * ill - 0.75)))
        return scores, ill.astype(np.int64)

    scores, y = draw(np.arange(1_000_000))
    names = ("f1_cm", "mcc", "balanced_accuracy", "brier", "log_loss", "average_precision")
    truth = dict(
        zip(
            names,
            (
                sk.f1_score(y, scores >= 0.5), sk.matthews_corrcoef(y, scores >= 0.5),
                sk.balanced_accuracy_score(y, scores >= 0.5), sk.brier_score_loss(y, scores), sk.log_loss(y, scores),
                sk.average_precision_score(y, scores),
            ),
            strict=True,
        )
    )  # fmt: skip
    held = dict.fromkeys(names, 0)
    for _ in range(150):
        scores, y = draw(patients)
        found = intervals(final_statistics(scores, y, class_names=NO_YES, patients=patients)[1])
        for name in names:
            low, high = found[f"final_{name}"]
            held[name] += low <= truth[name] <= high
    assert {name: count for name, count in held.items() if not 0.885 <= count / 150 <= 0.99} == {}
