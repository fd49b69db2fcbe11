"""What the callbacks decide, without a Trainer."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from experiments.training.callbacks.batch_metrics import batch_numbers
from experiments.training.callbacks.data_wait import DataWait
from experiments.training.callbacks.gradients import gradient_stats, layer_groups
from experiments.training.callbacks.metrics_collector import divergence
from experiments.training.callbacks.progress import Pace
from experiments.training.callbacks.ranking import Score, logged, ranked
from experiments.training.callbacks.steps import Steps


def epochs(scores: list[Score], mode: str) -> list[int]:
    return [score.epoch for score in ranked(scores, "max" if mode == "max" else "min")]


def test_best_first_by_the_monitored_value() -> None:
    scores = [Score(0, 0.5, 1.0), Score(1, 0.9, 1.0), Score(2, 0.7, 1.0)]
    assert epochs(scores, "max") == [1, 2, 0]
    assert epochs(scores, "min") == [0, 2, 1]


def test_equal_values_are_decided_by_the_lower_loss_then_the_earlier_epoch() -> None:
    scores = [Score(0, 0.9, 0.5), Score(1, 0.9, 0.3), Score(2, 0.9, 0.3), Score(3, 0.9, None)]
    assert epochs(scores, "max") == [1, 2, 0, 3]


def test_an_unknown_value_ranks_last_in_both_directions() -> None:
    scores = [Score(0, None, 0.1), Score(1, -5.0, 0.9), Score(2, 5.0, 0.9)]
    assert epochs(scores, "max")[-1] == epochs(scores, "min")[-1] == 0


def test_what_was_logged_keeps_its_precision_and_nan_is_unknown() -> None:
    metrics = {"a": torch.tensor(1 / 3, dtype=torch.float64), "b": torch.tensor(math.nan)}
    assert (logged(metrics, "a"), logged(metrics, "b"), logged(metrics, "c")) == (1 / 3, None, None)


@pytest.mark.parametrize(
    ("names", "groups"),
    [
        (["stem.0.weight", "head.weight", "head.bias"], ["stem", "head", "head"]),
        (["network.stem.0.weight", "network.head.weight"], ["stem", "head"]),
        (["model.net.0.weight", "model.net.2.weight"], ["0", "2"]),
        (["layer.weight", "layer.bias"], ["layer", "layer"]),
        (["network.stem.weight", "scale"], ["network", "scale"]),
        (["weight"], ["weight"]),
    ],
)
def test_layer_groups_are_the_first_parts_that_differ(names: list[str], groups: list[str]) -> None:
    assert list(layer_groups(names).values()) == groups


LAYERS = {"a.weight": "a", "a.bias": "a", "b.weight": "b"}


def test_gradient_norms_add_up_by_pythagoras() -> None:
    event = gradient_stats({"a.weight": 3.0, "a.bias": 4.0, "b.weight": 12.0}, LAYERS, step=1, epoch=0)
    assert event.layer_norms == {"a": 5.0, "b": 12.0}
    assert (event.total_norm, event.max_norm, event.min_norm, event.nonfinite) == (13.0, 12.0, 5.0, False)


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_a_gradient_that_is_not_finite_is_unknown_and_flagged(bad: float) -> None:
    event = gradient_stats({"a.weight": bad, "b.weight": 12.0}, LAYERS, step=1, epoch=0)
    assert event.layer_norms == {"a": None, "b": 12.0}
    assert event.total_norm is event.max_norm is event.min_norm is None
    assert event.nonfinite is True


def test_a_batch_without_positives_has_no_recall_and_no_f1() -> None:
    numbers = batch_numbers(np.array([0.9, 0.1, 0.2, 0.3]), np.zeros(4, dtype=np.int64), 0.5)
    assert numbers == {"accuracy": 0.75, "recall": None, "f1": None}


def test_a_batch_whose_scores_are_no_numbers_is_unknown() -> None:
    numbers = batch_numbers(np.array([math.nan, 0.1]), np.array([1, 0]), 0.5)
    assert numbers == {"accuracy": None, "recall": None, "f1": None}


def test_steps_weigh_batches_by_their_size() -> None:
    steps = Steps()
    for loss, size in ((1.0, 3), (5.0, 1)):
        steps.add(
            {"loss": torch.tensor(loss), "logits": torch.zeros(size), "target": torch.ones(size, dtype=torch.long)}
        )
    assert steps.mean_loss() == 2.0
    assert steps.mean_loss(scale=2) == 4.0
    assert steps.scores().tolist() == [0.5] * 4
    assert not steps.diverged()
    steps.clear()
    assert steps.mean_loss() is None
    assert not steps.diverged()


def test_steps_keep_no_graph() -> None:
    weight = torch.ones(2, requires_grad=True)
    steps = Steps()
    steps.add({"loss": weight.sum(), "logits": weight * 2, "target": torch.tensor([0, 1])})
    assert steps.losses().tolist() == [2.0]
    assert not steps._logits[0].requires_grad


def test_a_training_has_diverged_when_no_loss_is_finite() -> None:
    steps = Steps()
    outputs = {"logits": torch.zeros(1), "target": torch.zeros(1, dtype=torch.long)}
    steps.add({"loss": torch.tensor(math.nan), **outputs})
    assert steps.diverged()
    assert steps.mean_loss() is None
    steps.add({"loss": torch.tensor(1.0), **outputs})
    assert not steps.diverged()
    assert "try 0.05" in divergence(3, 0.5)


def test_the_estimate_counts_what_lies_between_epochs() -> None:
    """Ten batches of 1 s and 5 s of validation per epoch, three epochs: 45 s."""
    pace = Pace(batches=10, max_epochs=3)
    assert pace.eta(0.0) is None
    pace.epoch_started(0.0, 0)
    for second in range(1, 11):
        pace.batch_done(float(second), 4)
    assert pace.eta(10.0) == pytest.approx(20.0)  # validation has not been seen yet
    pace.epoch_started(15.0, 1)
    pace.batch_done(16.0, 4)
    assert pace.eta(16.0) == pytest.approx(45 - 16)
    assert pace.eta(17.0) == pytest.approx(45 - 17)  # it keeps falling while nothing is reported
    assert pace.eta(1000.0) == 0.0


def test_a_resumed_training_estimates_only_what_is_left() -> None:
    pace = Pace(batches=10, max_epochs=4)
    pace.epoch_started(100.0, 3)
    pace.batch_done(101.0, 1)
    assert pace.eta(101.0) == pytest.approx(9.0)


def test_the_rate_is_that_of_the_time_since_the_last_measurement() -> None:
    pace = Pace(batches=10, max_epochs=1)
    pace.epoch_started(0.0, 0)
    pace.batch_done(2.0, 32)
    pace.measure(2.0)
    assert pace.samples_per_second == 16.0
    pace.batch_done(3.0, 32)
    pace.measure(3.0)
    assert pace.samples_per_second == 32.0
    pace.measure(9.0)  # validation: nothing was trained
    assert pace.samples_per_second == 32.0


def test_the_share_of_waiting_is_that_of_the_time_since_the_last_measurement() -> None:
    pace = Pace(batches=10, max_epochs=2)
    pace.epoch_started(0.0, 0)
    shares = [pace.data_wait_share]
    for moment, waited in ((2.0, 0.5), (3.0, 1.25)):
        pace.batch_done(moment, 32, waited)
        pace.measure(moment)
        shares.append(pace.data_wait_share)
    pace.measure(9.0)  # validation: nothing was trained
    shares.append(pace.data_wait_share)
    pace.epoch_started(10.0, 1)
    pace.batch_done(14.0, 32, 1.25)
    pace.measure(14.0)
    assert [*shares, pace.data_wait_share] == [None, 0.25, 0.75, None, 0.0]


def test_only_taking_training_batches_counts_as_waiting() -> None:
    now = iter([1.0, 1.5, 10.0, 12.0])
    wait = DataWait(clock=lambda: next(now))
    with wait.profile("[_TrainingEpochLoop].train_dataloader_next"):
        pass
    with wait.profile("run_training_batch"), wait.profile("[_EvaluationLoop].val_next"):
        pass
    with wait.profile("[_TrainingEpochLoop].train_dataloader_next"):
        pass
    assert wait.seconds == 2.5


def test_a_training_without_a_known_length_has_no_estimate() -> None:
    pace = Pace(batches=None, max_epochs=3)
    pace.epoch_started(0.0, 0)
    pace.batch_done(1.0, 1)
    assert pace.eta(1.0) is None
