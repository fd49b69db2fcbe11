"""Schedules in real runs: rates against formulas and plain torch, what is reported, and that a resume continues."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
import torch
from pydantic import ValidationError
from torch.optim.lr_scheduler import OneCycleLR

from experiments.training.contract.reports import CheckpointSaved, Message
from runs.events import LrUpdate, TrainingStart
from tests.experiments.training.datasets import config_of
from tests.experiments.training.trainings import carry_out, job_of, known, metrics_by_epoch, of_type, outcome


def asked(epochs: int, *, rate: float = 1e-3, **schedule: Any) -> dict[str, Any]:
    return {
        "trainer": {"max_epochs": epochs},
        "data": {"batch_size": 64},
        "model": {"width": 4},
        "optimizer": {"name": "sgd", "learning_rate": rate, **schedule},
        "callbacks": {"early_stopping": False, "monitor": "val_loss", "batch_metrics_every": 3},
    }


def rates(messages: list[Message]) -> list[float]:
    """Read the rate of each epoch; each epoch's first `lr_update`, if there is one, must be the same."""
    assert outcome(messages).status == "completed", outcome(messages).reason
    used = {epoch: known(numbers["learning_rate"]) for epoch, numbers in metrics_by_epoch(messages, "train").items()}
    first = {event.epoch: event.learning_rate for event in reversed(of_type(messages, LrUpdate))}
    assert {epoch: used[epoch] for epoch in first} == first
    changed = {epoch for epoch in used if used.get(epoch - 1) != used[epoch]}
    assert changed <= set(first)
    return list(used.values())


def half_cosine(done: float) -> float:
    return (1 + math.cos(math.pi * done)) / 2


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        pytest.param(
            {"scheduler": "cosine_restarts", "restart_epochs": 2, "restart_factor": 2},
            [half_cosine(0), half_cosine(1 / 2), *(half_cosine(part / 4) for part in range(4))],
            id="restarts",
        ),
        pytest.param({"warmup_epochs": 3}, [1 / 4, 2 / 4, 3 / 4, 1, 1, 1], id="warm-up alone"),
        pytest.param(
            {"scheduler": "cosine", "warmup_epochs": 2},
            [1 / 3, 2 / 3, *(half_cosine(part / 4) for part in range(4))],
            id="warm-up, cosine",
        ),
        pytest.param(
            {"scheduler": "cosine_restarts", "restart_epochs": 2, "warmup_epochs": 1},
            [1 / 2, half_cosine(0), half_cosine(1 / 2), half_cosine(0), half_cosine(1 / 2), half_cosine(0)],
            id="warm-up, restarts",
        ),
        pytest.param(
            {"scheduler": "step", "step_size": 2, "gamma": 0.5, "warmup_epochs": 1},
            [1 / 2, 1, 1, 1 / 2, 1 / 2, 1 / 4],
            id="warm-up, step",
        ),
    ],
)
def test_rates_of_epochs(tmp_path: Path, schedule: dict[str, Any], expected: list[float]) -> None:
    messages = carry_out(job_of(tmp_path / "7", **asked(6, rate=0.01, **schedule)))
    assert rates(messages) == pytest.approx([0.01 * share for share in expected])


@pytest.mark.parametrize("warmup", [0, 2])
def test_one_cycle_changes_the_rate_with_each_step(tmp_path: Path, warmup: int) -> None:
    messages = carry_out(job_of(tmp_path / "7", **asked(4, rate=0.1, scheduler="one_cycle", warmup_epochs=warmup)))
    steps = known(of_type(messages, TrainingStart)[0].total_steps)
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.1)
    torch_s = OneCycleLR(optimizer, max_lr=0.1, total_steps=steps, pct_start=warmup / 4 or 0.3, cycle_momentum=False)
    expected = []
    for _ in range(steps):
        expected.append(torch_s.get_last_lr()[0])
        optimizer.step()
        torch_s.step()
    per_epoch = steps // 4
    assert rates(messages) == pytest.approx(expected[::per_epoch])
    events = of_type(messages, LrUpdate)
    assert [(event.epoch, event.step) for event in events] == [
        (epoch, epoch * per_epoch + batch) for epoch in range(4) for batch in range(0, per_epoch, 3)
    ]
    assert [event.learning_rate for event in events] == pytest.approx([expected[event.step] for event in events])


PLATEAU: dict[str, Any] = {"scheduler": "plateau", "plateau_patience": 1, "gamma": 0.5, "warmup_epochs": 1}


def plateau_rates(losses: list[float], rate: float) -> list[float]:
    """Compute by hand: one epoch of warm-up, then halved after two epochs in a row no better than the best."""
    expected, best, bad = [rate / 2, rate], math.inf, 0
    for loss in losses[1:]:
        bad = 0 if loss < best else bad + 1
        best = min(best, loss)
        if bad > 1:
            rate, bad = rate / 2, 0
        expected.append(rate)
    return expected[: len(losses)]


def test_plateau_follows_the_monitored_value(tmp_path: Path) -> None:
    """The rate is so high that the loss jumps."""
    messages = carry_out(job_of(tmp_path / "7", **asked(10, rate=3.0, **PLATEAU)))
    losses = [known(numbers["val_loss"]) for numbers in metrics_by_epoch(messages, "val").values()]
    expected = plateau_rates(losses, 3.0)
    assert len(set(expected)) > 3, "the loss must have jumped, or this shows nothing"
    assert rates(messages) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("schedule", "rate"),
    [
        pytest.param(PLATEAU, 3.0, id="plateau"),
        pytest.param({"scheduler": "one_cycle"}, 0.1, id="one cycle"),
        pytest.param({"scheduler": "cosine_restarts", "restart_epochs": 3, "warmup_epochs": 2}, 0.1, id="restarts"),
    ],
)
@pytest.mark.parametrize("after", [0, 1, 4])
def test_a_resumed_schedule_goes_on(tmp_path: Path, schedule: dict[str, Any], rate: float, after: int) -> None:
    config = asked(8, rate=rate, **schedule)
    whole = carry_out(job_of(tmp_path / "whole" / "7", **config))
    run_dir = tmp_path / "7"
    first = carry_out(job_of(run_dir, **config), stop_at=lambda m: isinstance(m, CheckpointSaved) and m.epoch == after)
    saved = of_type(first, CheckpointSaved)[-1]
    second = carry_out(job_of(run_dir, attempt=2, resume=(run_dir / saved.last, saved.epoch), **config))
    assert saved.epoch == after
    assert rates(second) == rates(whole)[after + 1 :]
    assert metrics_by_epoch(second, "val") == {
        epoch: numbers for epoch, numbers in metrics_by_epoch(whole, "val").items() if epoch > after
    }


def test_a_warmup_that_never_ends_is_refused() -> None:
    with pytest.raises(ValidationError, match="less than trainer"):
        config_of("x", trainer={"max_epochs": 3}, optimizer={"warmup_epochs": 3})
