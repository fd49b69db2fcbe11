"""Log-odds against arithmetic of 60 digits, and what they change: samples whose scores are alike are told apart."""

from __future__ import annotations

from decimal import Decimal, localcontext
from typing import Any

import numpy as np
import pytest
from sklearn import metrics as sk

from runs.statistics.log_odds import LogOdds
from runs.statistics.predictions import scores_from_logits
from runs.statistics.score_statistics import epoch_metrics, final_statistics


def by_decimals(row: list[float], label: int) -> float:
    """Compute log(p / (1 - p)) of the softmax's p by exponentials: 1 - p is the sum of the others."""
    with localcontext() as context:
        context.prec = 60
        powers = [Decimal(value).exp() for value in row]
        return float((powers.pop(label) / sum(powers)).ln())


@pytest.mark.parametrize("scale", [0.01, 1.0, 30.0, 300.0])
def test_several_classes_have_the_log_odds_of_their_softmax(scale: float) -> None:
    logits = np.random.default_rng(3).normal(scale=scale, size=(12, 4))
    logits[0] = [5.0, 5.0, 5.0, 5.0]
    logits[1] = [90.0, 90.0, 1.0, -90.0]
    odds = LogOdds(logits)
    for label in range(4):
        expected = [by_decimals(row.tolist(), label) for row in logits]
        assert odds.of(label) == pytest.approx(expected, rel=1e-13, abs=1e-13)


def test_two_classes_have_the_log_odds_of_their_sigmoid() -> None:
    logits = np.array([-800.0, -1.5, 0.0, 38.0, 800.0], dtype=np.float32)
    assert LogOdds(logits).of(1).tolist() == logits.tolist()
    pair = LogOdds(np.column_stack([np.zeros(5), logits]))
    assert pair.of(1) == pytest.approx(logits)
    assert pair.of(0) == pytest.approx(-logits)


def test_infinite_logits_rank_first_or_last() -> None:
    assert np.diff(LogOdds(np.array([-np.inf, 1.0, np.inf, np.inf])).of(1)).tolist()[2] == 0.0
    impossible = np.array([[1.0, -np.inf, 2.0], [-np.inf, -np.inf, 3.0]])
    with np.errstate(all="raise"):
        odds = LogOdds(impossible)
        found = [odds.of(label) for label in range(3)]
    assert np.isfinite(found).all()
    assert found[0] == pytest.approx([-1.0, -1e300])
    assert found[1].tolist() == [-1e300, -1e300]
    assert found[2][0] == pytest.approx(1.0)
    assert found[2][1] > 1e299


def confident(classes: int) -> tuple[Any, Any]:
    """Make logits around 40 of the first or only class: in double precision most scores are 1."""
    random = np.random.default_rng(8)
    targets = np.arange(400) % classes
    if classes == 2:
        return (40 + 3 * random.normal(size=400) + 2 * targets).astype(np.float32), targets
    logits = random.normal(size=(400, classes)) + 1.5 * np.eye(classes)[targets]
    logits[:, 0] += 40
    return logits.astype(np.float32), targets


def test_confident_samples_of_two_classes_are_ranked_by_their_logits() -> None:
    logits, targets = confident(2)
    scores = scores_from_logits(logits)
    assert len(np.unique(scores)) < 100 < len(np.unique(logits))
    exact, tied = sk.roc_auc_score(targets, logits), sk.roc_auc_score(targets, scores)
    assert exact - tied > 0.05
    _, rows = final_statistics(scores, targets, class_names=["no", "yes"], logits=logits)
    epoch = epoch_metrics("val", loss=None, scores=scores, targets=targets, logits=logits)
    assert rows["final_auroc_cm"] == pytest.approx(exact, abs=1e-12)
    assert epoch["val_auroc"] == rows["final_auroc_cm"]
    assert rows["final_average_precision"] == pytest.approx(sk.average_precision_score(targets, logits), abs=1e-12)
    low, high = rows["final_auroc_cm_ci_low"], rows["final_auroc_cm_ci_high"]
    assert low is not None
    assert high is not None
    assert low < exact < high
    assert rows["final_brier"] == pytest.approx(sk.brier_score_loss(targets, scores))  # scores stay what they are


def test_confident_samples_of_several_classes_are_ranked_by_their_logits() -> None:
    logits, targets = confident(3)
    scores = scores_from_logits(logits)
    assert (scores[:, 0] == 1).mean() > 0.9
    _, rows = final_statistics(scores, targets, class_names=list("abc"), logits=logits)
    exact = []
    for label, name in enumerate("abc"):
        others = np.delete(logits.astype(np.float64), label, axis=1)
        margins = logits[:, label] - np.logaddexp(others[:, 0], others[:, 1])
        exact.append(sk.roc_auc_score(targets == label, margins))
        assert rows[f"final_auroc_cm/{name}"] == pytest.approx(exact[-1], abs=1e-12)
    assert rows["final_auroc_cm"] == pytest.approx(np.mean(exact), abs=1e-12)
    assert exact[0] - sk.roc_auc_score(targets == 0, scores[:, 0]) > 0.05
    epoch = epoch_metrics("val", loss=None, scores=scores, targets=targets, logits=logits)
    assert epoch["val_auroc"] == rows["final_auroc_cm"]
