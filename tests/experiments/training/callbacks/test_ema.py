"""The moving average of the weights, recomputed from the weights after each step, and what uses it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from sklearn.metrics import log_loss
from torch import Tensor

from experiments.training.contract.reports import CheckpointSaved, Message
from runs.events import FinalStats
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

EPOCHS = 4
DECAY = 0.8
CONFIG: dict[str, Any] = {
    "trainer": {"max_epochs": EPOCHS, "ema_decay": DECAY},
    "callbacks": {"save_top_k": EPOCHS, "monitor": "val_loss", "early_stopping": False},
}


class Remembering(Network):
    """A callback that keeps the weights that each optimizer step left."""

    def __init__(self) -> None:
        super().__init__(rate=0.5)
        self.after_steps: list[dict[str, Tensor]] = []

    def on_train_batch_end(self, *_: Any) -> None:
        self.after_steps.append({name: value.detach().clone() for name, value in self.state_dict().items()})


def averaged(steps: list[dict[str, Tensor]]) -> dict[str, Tensor]:
    """Average by the definition; the first step's weights are the first average."""
    average = dict(steps[0])
    for weights in steps[1:]:
        average = {name: DECAY * average[name] + (1 - DECAY) * weights[name] for name in weights}
    return average


def checkpoint(run_dir: Path, epoch: int, attempt: int = 1) -> dict[str, Any]:
    path = run_dir / "checkpoints" / f"a{attempt}" / f"epoch{epoch:04d}.ckpt"
    loaded: dict[str, Any] = torch.load(path, weights_only=True)
    return loaded


def val_loss_of(weights: dict[str, Tensor], data: SmallData) -> float:
    model = Network()
    model.load_state_dict(weights)
    rows = data.rows("val")
    with torch.no_grad():
        scores = model.eval()(data.x[rows]).double().sigmoid().numpy()
    return float(log_loss(data.y[rows].numpy(), scores))


def test_checkpoints_and_validation_use_the_average(tmp_path: Path) -> None:
    data, model = SmallData(), Remembering()
    messages = carry_out(job_of(tmp_path / "7", **CONFIG), data=data, model=model)
    assert outcome(messages).status == "completed", outcome(messages).reason
    assert len(model.after_steps) == 4 * EPOCHS
    for epoch in range(EPOCHS):
        saved = checkpoint(tmp_path / "7", epoch)
        done = model.after_steps[: 4 * (epoch + 1)]
        for name, value in averaged(done).items():
            assert torch.allclose(saved["state_dict"][name], value, rtol=1e-5, atol=1e-6)
            assert torch.equal(saved["current_model_state"][name], done[-1][name])
        told_loss = known(metrics_by_epoch(messages, "val")[epoch]["val_loss"])
        assert told_loss == pytest.approx(val_loss_of(averaged(done), data), rel=1e-5)
        assert told_loss != pytest.approx(val_loss_of(done[-1], data), rel=1e-3)


def test_the_final_statistics_are_those_of_the_average(tmp_path: Path) -> None:
    messages = carry_out(job_of(tmp_path / "7", **CONFIG), data=SmallData(), model=Remembering())
    val = next(stats for stats in of_type(messages, FinalStats) if stats.split == "val")
    best = metrics_by_epoch(messages, "val")[val.epoch]
    assert best["val_loss"] == min(known(numbers["val_loss"]) for numbers in metrics_by_epoch(messages, "val").values())
    assert val.statistics["final_auroc_cm"] == best["val_auroc"]
    assert [val.statistics[f"cm_{cell}"] for cell in ("tp", "tn")] == [best[f"val_cm_{cell}"] for cell in ("tp", "tn")]


def test_the_training_itself_is_not_changed(tmp_path: Path) -> None:
    def losses(ema: float | None, name: str) -> list[float | None]:
        config = CONFIG | {"trainer": {"max_epochs": EPOCHS, "ema_decay": ema}}
        messages = carry_out(job_of(tmp_path / name / "7", **config), data=SmallData(), model=Network())
        return [numbers["train_loss"] for numbers in metrics_by_epoch(messages, "train").values()]

    assert losses(DECAY, "with") == losses(None, "without")


@pytest.mark.parametrize("after", [0, 2, EPOCHS - 1])
def test_a_resumed_run_goes_on_with_weights_and_average(tmp_path: Path, after: int) -> None:
    def run(job: Any, **options: Any) -> list[Message]:
        return carry_out(job, data=SmallData(), model=Network(rate=0.5), **options)

    whole = run(job_of(tmp_path / "whole" / "7", **CONFIG))
    run_dir = tmp_path / "7"
    first = run(job_of(run_dir, **CONFIG), stop_at=lambda m: isinstance(m, CheckpointSaved) and m.epoch == after)
    saved = of_type(first, CheckpointSaved)[-1]
    second = run(job_of(run_dir, attempt=2, resume=(run_dir / saved.last, after), **CONFIG))
    assert outcome(second).status == "completed", outcome(second).reason
    for phase in ("train", "val"):
        assert metrics_by_epoch(first, phase) | metrics_by_epoch(second, phase) == metrics_by_epoch(whole, phase)
    assert of_type(second, FinalStats) == of_type(whole, FinalStats)
