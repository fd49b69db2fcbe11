"""The same request gives the same numbers, and what the options of the steps do: clipping, accumulation, precision."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from experiments.training.contract.reports import CheckpointSaved, Message
from runs.events import BatchMetrics, FinalStats, GradientStats
from tests.experiments.training.trainings import (
    Network,
    SmallData,
    carry_out,
    job_of,
    known,
    metrics_by_epoch,
    of_type,
    outcome,
)

EVERYTHING: dict[str, Any] = {
    "source_path": "builtin:digits-is-8",
    "trainer": {"max_epochs": 3, "deterministic": True, "ema_decay": 0.9, "gradient_clip_val": 1.0},
    "data": {"batch_size": 128, "image_size": 8, "test_fraction": 0.1},
    "model": {"width": 2, "dropout": 0.3},
    "loss": {"name": "focal", "label_smoothing": 0.1},
    "augmentation": {"preset": "medium", "mixup_alpha": 0.3},
    "optimizer": {"scheduler": "one_cycle", "learning_rate": 0.02},
    "callbacks": {"save_top_k": 3, "early_stopping": False},
}


def numbers(messages: list[Message]) -> dict[Any, Any]:
    """Collect all that is reported of epochs, batches and the end, down to the last digit."""
    assert outcome(messages).status in ("completed", "interrupted"), outcome(messages).reason
    epochs = {(phase, e): m for phase in ("train", "val") for e, m in metrics_by_epoch(messages, phase).items()}
    return epochs | {(m.epoch, m.batch_idx): m for m in of_type(messages, BatchMetrics)}


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> list[Message]:
    return carry_out(job_of(tmp_path_factory.mktemp("reference") / "7", **EVERYTHING))


def test_the_same_request_gives_the_same_numbers_in_every_epoch(tmp_path: Path, reference: list[Message]) -> None:
    torch.rand(7)  # whatever was drawn before must not matter
    again = carry_out(job_of(tmp_path / "7", **EVERYTHING))
    assert len(metrics_by_epoch(again, "val")) == 3
    assert numbers(again) == numbers(reference)
    assert of_type(again, FinalStats) == of_type(reference, FinalStats)
    other = carry_out(job_of(tmp_path / "8", **EVERYTHING, seed=43))
    assert numbers(other) != numbers(reference)


@pytest.mark.parametrize("after", [0, 1])
def test_so_does_a_resumed_run(tmp_path: Path, reference: list[Message], after: int) -> None:
    run_dir = tmp_path / "7"
    first = carry_out(
        job_of(run_dir, **EVERYTHING), stop_at=lambda m: isinstance(m, CheckpointSaved) and m.epoch == after
    )
    saved = of_type(first, CheckpointSaved)[-1]
    second = carry_out(job_of(run_dir, attempt=2, resume=(run_dir / saved.last, saved.epoch), **EVERYTHING))
    assert numbers(first) | numbers(second) == numbers(reference)
    assert of_type(second, FinalStats) == of_type(reference, FinalStats)


class Noticing(Network):
    """A callback that keeps the weights after each batch, the type that layers compute in, and torch's mode."""

    def __init__(self, rate: float = 0.1) -> None:
        super().__init__(rate=rate)
        self.weights = [self._copied()]
        self.types: set[torch.dtype] = set()
        self.modes: set[bool] = set()

    def forward(self, x: Tensor) -> Tensor:
        scores = super().forward(x)
        if self.training:  # the best epoch is evaluated in single precision, whatever the training has
            self.types.add(scores.dtype)
        self.modes.add(torch.are_deterministic_algorithms_enabled())
        return scores.float()

    def on_train_batch_end(self, *_: Any) -> None:
        self.weights.append(self._copied())

    def moved(self, first: int, last: int) -> float:
        """Measure how far the weights went between two batches."""
        return float((self.weights[last] - self.weights[first]).norm())

    def _copied(self) -> Tensor:
        return torch.cat([parameter.detach().flatten().clone() for parameter in self.parameters()])


def trained(
    tmp_path: Path, *, batch_size: int = 16, rate: float = 0.1, **trainer: Any
) -> tuple[list[Message], Noticing]:
    model = Noticing(rate)
    job = job_of(tmp_path / "7", trainer={"max_epochs": 2, **trainer}, callbacks={"gradient_stats_every": 1})
    messages = carry_out(job, data=SmallData(batch_size=batch_size), model=model)
    assert outcome(messages).status == "completed", outcome(messages).reason
    return messages, model


@pytest.mark.parametrize("deterministic", [True, False])
def test_torch_is_told_to_be_deterministic(tmp_path: Path, deterministic: bool) -> None:
    _, model = trained(tmp_path, deterministic=deterministic)
    assert model.modes == {deterministic}


def test_a_clipped_gradient_moves_the_weights_no_further(tmp_path: Path) -> None:
    """Plain SGD: a step is the rate times the gradient's norm. What is told is the norm before clipping."""
    free_messages, free = trained(tmp_path / "free", rate=2.0)
    clipped_messages, clipped = trained(tmp_path / "clipped", rate=2.0, gradient_clip_val=0.05)
    norm = known(of_type(free_messages, GradientStats)[0].total_norm)
    assert norm > 0.1
    assert known(of_type(clipped_messages, GradientStats)[0].total_norm) == pytest.approx(norm)
    assert free.moved(0, 1) == pytest.approx(2.0 * norm, rel=1e-4)
    assert clipped.moved(0, 1) == pytest.approx(2.0 * 0.05, rel=1e-4)
    assert all(clipped.moved(step, step + 1) < 2.0 * 0.0501 for step in range(8))


def test_two_accumulated_batches_are_one_of_twice_the_size(tmp_path: Path) -> None:
    _, halves = trained(tmp_path / "halves", batch_size=16, accumulate_grad_batches=2)
    _, whole = trained(tmp_path / "whole", batch_size=32)
    assert halves.moved(0, 1) == 0
    assert torch.allclose(halves.weights[2], whole.weights[1], atol=1e-6)
    assert halves.moved(0, 2) > 0


def test_bfloat16_on_the_cpu(tmp_path: Path) -> None:
    """Layers compute with 8 bits of precision, and the losses come out about right."""
    exact, single = trained(tmp_path / "32", precision="32-true")
    coarse, half = trained(tmp_path / "16", precision="bf16-mixed")
    assert (single.types, half.types) == ({torch.float32}, {torch.bfloat16})
    for epoch in range(2):
        losses = [known(metrics_by_epoch(messages, "val")[epoch]["val_loss"]) for messages in (exact, coarse)]
        assert losses[1] == pytest.approx(losses[0], rel=0.03)
        assert losses[1] != losses[0]


@pytest.mark.parametrize("clip", [None, 0.5])
def test_bfloat16_with_our_own_network_and_optimizer(tmp_path: Path, clip: float | None) -> None:
    job = job_of(tmp_path / "7", trainer={"max_epochs": 2, "precision": "bf16-mixed", "gradient_clip_val": clip})
    messages = carry_out(job)
    assert outcome(messages).status == "completed", outcome(messages).reason
    assert known(metrics_by_epoch(messages, "val")[1]["val_auroc"]) > 0.9
