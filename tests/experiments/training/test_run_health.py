"""Hints of the server for real trainings: nothing alarming for healthy ones, the right thing for sick ones.

Its countdown of early stopping agrees with Lightning's, epoch by epoch.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from experiments.training.contract.reports import Message
from runs.events import EarlyStopped, EpochEnd, GradientStats, Progress
from runs.hints import gradients
from runs.hints.all import hints
from runs.hints.early_stopping_countdown import countdown
from tests.experiments.training.histories import evidence_of
from tests.experiments.training.trainings import carry_out, job_of, metrics_by_epoch, of_type

OFTEN = {"gradient_stats_every": 4}


def train(tmp_path: Path, **config: Any) -> tuple[Any, Sequence[Message]]:
    job = job_of(tmp_path / "7", **{"callbacks": OFTEN} | config)
    return job, carry_out(job)


@pytest.mark.parametrize(("source", "epochs"), [("breast-cancer", 12), ("digits-is-8", 4)])
def test_a_healthy_run_raises_no_alarm(tmp_path: Path, source: str, epochs: int) -> None:
    job, messages = train(tmp_path, source_path=f"builtin:{source}", trainer={"max_epochs": epochs})
    run = evidence_of(job, messages)
    assert len(run.history) == epochs
    assert [hint for hint in hints(run) if hint["severity"] != "info"] == []
    assert set(gradients.by_group(run).values()) == {"ok"}
    assert all(0 <= share <= 1 for share in run.waits)
    assert run.waits


@pytest.mark.parametrize(
    ("config", "code"),
    [
        pytest.param({"optimizer": {"name": "sgd", "learning_rate": 1e12}}, "diverged", id="numbers no longer finite"),
        pytest.param({"optimizer": {"learning_rate": 1e-9}}, "not_learning", id="a rate that moves nothing"),
        pytest.param({"model": {"pos_weight": 1e5}}, "one_class", id="positives that outweigh all"),
    ],
)
def test_a_sick_run_is_told_what_it_has(tmp_path: Path, config: dict[str, Any], code: str) -> None:
    job, messages = train(tmp_path, trainer={"max_epochs": 5}, **config)
    assert code in [hint["code"] for hint in hints(evidence_of(job, messages))]


def test_the_countdown_is_that_of_the_training(tmp_path: Path) -> None:
    """After each epoch it names an epoch; the one named in the end is that in which the training stopped."""
    asked = {"monitor": "val_auroc", "patience": 3, "min_delta": 0.002}
    job, messages = train(tmp_path, trainer={"max_epochs": 60}, callbacks=asked)
    [stopped] = of_type(messages, EarlyStopped)
    val = metrics_by_epoch(messages, "val")
    values = [(epoch, metrics["val_auroc"]) for epoch, metrics in val.items()]
    states = [countdown(job.config, 60, values[: n + 1]) for n in range(len(values))]
    assert [state["exhausted"] for state in states if state] == [False] * stopped.epoch + [True]
    last_but_one = states[-2]
    assert last_but_one is not None
    assert (last_but_one["left"], last_but_one["stops_after_epoch"]) == (1, stopped.epoch)
    assert stopped.epoch == len(values) - 1


def test_progress_tells_how_long_the_loop_waited(tmp_path: Path) -> None:
    _, messages = train(tmp_path, trainer={"max_epochs": 2})
    shares = [event.data_wait_share for event in of_type(messages, Progress)]
    assert any(share is not None for share in shares)
    assert of_type(messages, EpochEnd)
    assert of_type(messages, GradientStats)
