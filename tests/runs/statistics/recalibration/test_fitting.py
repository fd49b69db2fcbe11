"""All methods together: their quality over each split, and splits to which nothing can be fitted."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
import pandas as pd
import pytest
import sklearn.metrics as sk

from runs.events import Split
from runs.statistics.recalibration.fitting import Outputs, fitted, recalibrated
from runs.statistics.recalibration.methods import Quality, Recalibration, without_knots
from runs.statistics.roc import Floats, Ints
from tests.runs.statistics.recalibration import test_temperature
from tests.runs.statistics.recalibration.test_platt import drawn

NAMES = ["no", "yes"]


def shifted() -> Recalibration:
    """Recalibrate a network whose scores are far above the prevalence, with two samples of each patient."""
    splits: dict[Split, Outputs] = {
        "val": Outputs(*drawn(11, 600), np.arange(600) // 2),
        "test": Outputs(*drawn(12, 800), np.arange(800) // 2),
    }
    return recalibrated(splits, NAMES)


def scores_by_hand(logits: Floats, found: Recalibration) -> dict[str, Floats]:
    """Apply what is stored, by its formulas."""
    platt, isotonic, temperature = (msgspec.to_builtins(method.parameters) for method in found.methods)
    return {
        "none": 1 / (1 + np.exp(-logits)),
        "platt": 1 / (1 + np.exp(-(platt["intercept"] + platt["slope"] * logits))),
        "isotonic": np.clip(
            np.interp(logits, isotonic["logits"], isotonic["scores"]), isotonic["lowest"], isotonic["highest"]
        ),
        "temperature": 1 / (1 + np.exp(-logits / temperature["temperature"])),
    }


def expected_error(scores: Floats, targets: Ints) -> float:
    """Compute the calibration error with pandas: bins of equally many, equal scores in the bin of their middle."""
    table = pd.DataFrame({"score": scores, "label": targets})
    sums = table.groupby((2 * table["score"].rank() - 1) * 10 // (2 * len(table))).sum()
    return float((sums["label"] - sums["score"]).abs().sum() / len(table))


def check(quality: Quality, scores: Floats, targets: Ints) -> None:
    assert quality.mean_score == pytest.approx(scores.mean(), abs=1e-12)
    assert quality.share == pytest.approx(targets.mean(), abs=1e-12)
    assert quality.brier == pytest.approx(sk.brier_score_loss(targets, scores), abs=1e-12)
    assert quality.log_loss == pytest.approx(sk.log_loss(targets, scores), abs=1e-12)
    assert quality.auroc == pytest.approx(sk.roc_auc_score(targets, scores), abs=1e-12)
    assert quality.ece == pytest.approx(expected_error(scores, targets), abs=1e-12)
    assert sum(point.samples for point in quality.reliability) == len(targets)


def test_the_quality_of_each_method_follows_from_what_is_stored() -> None:
    found = shifted()
    assert [method.name for method in found.methods] == ["platt", "isotonic", "temperature"]
    for split, seed, samples in (("val", 11, 600), ("test", 12, 800)):
        logits, targets = drawn(seed, samples)
        by_hand = scores_by_hand(logits, found)
        assert set(found.splits[split]) == set(by_hand)  # type: ignore[index]
        for name, scores in by_hand.items():
            check(found.splits[split][name], scores, targets)  # type: ignore[index]


def test_scores_that_were_shifted_are_no_longer() -> None:
    found = shifted()
    val, test = found.splits["val"], found.splits["test"]
    for qualities in (val, test):
        assert qualities["none"].mean_score > qualities["none"].share + 0.2
        assert qualities["platt"].mean_score == pytest.approx(qualities["platt"].share, abs=0.04)
        for name in ("platt", "isotonic"):
            assert (qualities[name].ece or 0) < (qualities["none"].ece or 0) / 3
            assert (qualities[name].log_loss or 0) < (qualities["none"].log_loss or 0)
        assert qualities["none"].auroc == qualities["platt"].auroc == qualities["temperature"].auroc
    line = val["platt"].calibration_slope, val["platt"].calibration_intercept
    assert line == pytest.approx((1, 0), abs=1e-8)
    assert test["platt"].calibration_slope not in (None, pytest.approx(1, abs=1e-4))


def test_ranks_of_confident_outputs_stay() -> None:
    """Their scores are all 1 in double precision."""
    logits, targets = drawn(4, 300)
    found = recalibrated({"val": Outputs(logits * 1e-3 + 60, targets)}, NAMES)
    assert found.splits["val"]["none"].auroc == pytest.approx(sk.roc_auc_score(targets, logits), abs=1e-12)
    assert found.splits["val"]["platt"].auroc == found.splits["val"]["none"].auroc
    assert found.splits["val"]["platt"].mean_score == pytest.approx(targets.mean())


def test_several_classes_have_temperature_alone() -> None:
    logits, targets = test_temperature.drawn(1, 4)
    found = recalibrated({"val": Outputs(logits, targets), "test": Outputs(logits[:60], targets[:60])}, [*"abcd"])
    assert [method.name for method in found.methods] == ["temperature"]
    assert found.methods[0].formula == "softmax(logits / temperature)"
    for qualities in found.splits.values():
        assert set(qualities) == {"none", "temperature"}
        assert (qualities["temperature"].log_loss or 0) < (qualities["none"].log_loss or 0)
        assert qualities["temperature"].share == qualities["none"].share  # the predicted classes are the same
        assert qualities["temperature"].auroc is qualities["temperature"].calibration_slope is None
    probabilities = np.exp(logits / found.methods[0].parameters["temperature"])
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    assert found.splits["val"]["temperature"].log_loss == pytest.approx(sk.log_loss(targets, probabilities))


HALF = np.arange(40) % 2


@pytest.mark.parametrize(
    ("logits", "targets", "problem"),
    [
        (np.linspace(-1, 1, 40), np.zeros(40, dtype=np.int64), "has 0 samples of “yes”: at least 10 of each class"),
        (np.linspace(-1, 1, 40), np.ones(40, dtype=np.int64), "has 0 samples of “no”: at least 10 of each class"),
        (np.linspace(-1, 1, 40), np.eye(40, dtype=np.int64)[3], "has 1 sample of “yes”: at least 10 of each class"),
        (np.array([0.5]), np.array([1]), "has 0 samples of “no”"),
        (np.full(40, 0.7), HALF, "outputs in the validation split are all equal"),
        (np.where(np.arange(40) == 3, np.inf, HALF), HALF, "are infinite, or farther from 0 than 1e+30"),
        (np.where(np.arange(40) == 3, -np.inf, HALF), HALF, "are infinite, or farther from 0 than 1e+30"),
        (np.where(np.arange(40) == 3, 1e200, HALF), HALF, "are infinite, or farther from 0 than 1e+30"),
    ],
)
def test_what_cannot_be_fitted_says_why(logits: Floats, targets: Ints, problem: str) -> None:
    found = recalibrated({"val": Outputs(logits, targets), "test": Outputs(logits[:1], targets[:1])}, NAMES)
    assert [method.name for method in found.methods] == ["platt", "isotonic", "temperature"]
    for method in found.methods:
        assert problem in (method.problem or "")
        assert method.parameters == {}
    assert {split: set(qualities) for split, qualities in found.splits.items()} == {"val": {"none"}, "test": {"none"}}
    assert msgspec.json.decode(msgspec.json.encode(found), type=Recalibration) == found


def test_several_classes_need_samples_beside_the_most_frequent_class() -> None:
    logits, targets = test_temperature.drawn(1, 3)
    rare = np.where(np.arange(len(targets)) < 9, targets % 2 + 1, 0)
    [method] = fitted(logits, rare, ["a", "b", "c"])
    assert method.problem is not None
    assert "has 291 samples of its most frequent class, “a”, and 9 of the others" in method.problem
    [alike] = fitted(np.repeat(logits[:, :1], 3, axis=1), targets, ["a", "b", "c"])
    assert "are all equal" in (alike.problem or "")


def test_separated_validation_is_told_and_no_score_is_impossible() -> None:
    logits = np.concatenate([np.linspace(-9, -1, 30), np.linspace(1, 9, 30)])
    targets = (logits > 0).astype(np.int64)
    found = recalibrated({"val": Outputs(logits, targets), "test": Outputs(-logits, targets)}, NAMES)
    platt, isotonic, temperature = found.methods
    assert "separates the classes" in (platt.problem or "")
    assert "separates the classes" in (isotonic.warning or "")
    assert temperature.parameters == {"temperature": 0.05}
    assert set(found.splits["test"]) == {"none", "isotonic", "temperature"}
    assert all(np.isfinite(quality.log_loss or np.nan) for quality in found.splits["test"].values())
    assert found.splits["test"]["isotonic"].log_loss == pytest.approx(np.log(62))


def test_infinite_outputs_of_the_test_split_have_the_farthest_scores() -> None:
    logits, targets = drawn(2, 300)
    far = np.where(np.arange(300) == 0, np.inf, np.where(np.arange(300) == 1, -np.inf, logits))
    found = recalibrated({"val": Outputs(logits, targets), "test": Outputs(far, targets)}, NAMES)
    assert all(method.problem is None for method in found.methods)
    sigmoid = {name: scores_by_hand(logits, found)[name] for name in ("none", "platt", "temperature")}
    for name, scores in sigmoid.items():
        expected = np.concatenate([[1.0, 0.0], scores[2:]])
        assert found.splits["test"][name].mean_score == pytest.approx(expected.mean(), abs=1e-12)


def test_the_api_counts_the_knots_that_the_file_has() -> None:
    stored: Any = msgspec.to_builtins(shifted())
    knots = len(stored["methods"][1]["parameters"]["logits"])
    shown: Any = without_knots(stored)
    assert shown["methods"][1]["parameters"] == {"knots": knots, "lowest": 1 / 602, "highest": 601 / 602}
    assert {name: shown[name] for name in shown if name != "methods"} == {
        name: stored[name] for name in stored if name != "methods"
    }
    assert [shown["methods"][place] for place in (0, 2)] == [stored["methods"][place] for place in (0, 2)]
    assert without_knots(None) is None
