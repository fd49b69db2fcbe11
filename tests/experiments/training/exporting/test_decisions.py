"""The end of a graph decides and scores as the server does, on every output that a network can have."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy.special import expit, softmax

from experiments.training.exporting.decision_graph import BinaryDecision, HighestScore
from experiments.training.exporting.lowest_positive import lowest_positive_logit
from experiments.training.prediction.scores import decided
from tests.experiments.training.exporting.untrained import saved_point, source

SCORE = float(expit(np.float32(0.7)))
"""That of a sample."""
CASES: dict[str, dict[str, Any]] = {
    "half": {},
    "own": {"own_threshold": 0.3},
    "midway": {"decision": saved_point(threshold=0.6180339)},
    "at the score of a sample": {"own_threshold": SCORE},
    "by logits": {"decision": saved_point(threshold=1.0, log_odds=41.5)},
    "by logits of a sample": {"decision": saved_point(threshold=1.0, log_odds=float(np.float32(39.7)))},
    "near one": {"own_threshold": 1 - 1e-9},
    "near zero": {"own_threshold": 1e-12},
}


def around(cut: float) -> NDArray[np.float32]:
    """Return the numbers of single precision next to a logit, and others of all sizes."""
    near = np.float32(cut)
    steps = [near]
    for _ in range(20):
        steps.append(np.nextafter(steps[-1], np.float32(np.inf)))
        steps.insert(0, np.nextafter(steps[0], np.float32(-np.inf)))
    others = np.random.default_rng(0).normal(0, 30, 2000)
    return np.concatenate([steps, others, [0.0, -0.0, 1e-20, -1e-20, 90.0, -90.0, 3e38, -3e38]]).astype(np.float32)


@pytest.mark.parametrize("case", CASES)
def test_one_logit_decides_as_the_run_on_every_output(case: str) -> None:
    run = source(**CASES[case])
    lowest = lowest_positive_logit(run)
    logits = around(lowest)
    expected = decided(logits.astype(np.float64), run)
    outputs = BinaryDecision(lowest, None)(torch.from_numpy(logits))
    assert outputs[-1].tolist() == expected.tolist()
    assert 0 < expected.sum() < len(expected)


def test_the_own_threshold_of_one_half_is_at_a_logit_of_zero() -> None:
    assert lowest_positive_logit(source()) == pytest.approx(0, abs=1e-15)
    assert lowest_positive_logit(source(own_threshold=0.8)) == pytest.approx(math.log(4), rel=1e-6)


def test_a_threshold_that_no_score_reaches_calls_none() -> None:
    lowest = lowest_positive_logit(source(own_threshold=1.5))
    assert lowest == math.inf
    assert BinaryDecision(lowest, None)(torch.tensor([3e38]))[-1].tolist() == [0]


def test_scores_and_probabilities_are_exact_in_double_precision() -> None:
    logits = torch.tensor([-800.0, -3.5, 0.0, 1e-3, 20.0, 800.0])
    decision = BinaryDecision(0.0, (1.3, -0.4))
    logit, score, probability, label = decision(logits)
    assert decision.outputs == ["logit", "score", "probability", "label"]
    assert logit is logits
    assert score.numpy() == pytest.approx(expit(logits.double().numpy()), rel=1e-14)
    assert probability.numpy() == pytest.approx(expit(1.3 * logits.double().numpy() - 0.4), rel=1e-14)
    assert label.tolist() == [0, 0, 1, 1, 1, 1]


def test_of_many_classes_the_first_highest_score_is_predicted() -> None:
    logits = torch.tensor([[1.0, 2.0, 2.0], [900.0, -900.0, 0.0], [-1.0, -2.0, -3.0]])
    _, scores, label = HighestScore()(logits)
    assert scores.numpy() == pytest.approx(softmax(logits.double().numpy(), axis=1), rel=1e-14)
    assert label.tolist() == [1, 0, 0]
