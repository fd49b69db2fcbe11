"""The short way through an epoch's batches gives the numbers, events and checkpoints of Lightning's own loops."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from pytorch_lightning.loops.training_epoch_loop import _TrainingEpochLoop

from experiments.training.contract.reports import CheckpointSaved, Message
from experiments.training.recipes import batch_loops
from runs.events import EpochEnd, Progress
from tests.experiments.training.trainings import Network, SmallData, carry_out, job_of, of_type, outcome

PLAIN: dict[str, Any] = {"trainer": {"max_epochs": 3}, "callbacks": {"gradient_stats_every": 1}}
EVERYTHING: dict[str, Any] = {
    "trainer": {"max_epochs": 3, "gradient_clip_val": 0.5, "ema_decay": 0.9},
    "augmentation": {"mixup_alpha": 0.3},
    "optimizer": {"scheduler": "one_cycle", "learning_rate": 0.02},
    "model": {"dropout": 0.3},
    "callbacks": {"gradient_stats_every": 1, "batch_metrics_every": 1},
}


def trained(run_dir: Path, config: dict[str, Any]) -> list[Message]:
    messages = carry_out(job_of(run_dir, **config))
    assert outcome(messages).status == "completed", outcome(messages).reason
    return messages


def numbers(messages: list[Message]) -> list[Message]:
    """Leave out what tells times."""
    untimed = [m for m in messages if not isinstance(m, Progress)]
    return [(m.epoch, m.phase, m.metrics) if isinstance(m, EpochEnd) else m for m in untimed]  # type: ignore[misc]


def last_checkpoint(run_dir: Path, messages: list[Message]) -> dict[str, Any]:
    saved = of_type(messages, CheckpointSaved)[-1]
    loaded: dict[str, Any] = torch.load(run_dir / saved.last, weights_only=True)
    return loaded


def comparable(value: Any) -> Any:
    """Turn tensors within dictionaries and lists into what `==` compares."""
    if torch.is_tensor(value):
        return value.dtype, value.tolist()
    if isinstance(value, dict):
        return {key: comparable(one) for key, one in value.items()}
    return [comparable(one) for one in value] if isinstance(value, list | tuple) else value


@pytest.mark.parametrize("config", [PLAIN, EVERYTHING], ids=["plain", "everything"])
def test_all_is_as_in_lightnings_own_loops(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, config: dict[str, Any]
) -> None:
    short = trained(tmp_path / "7", config)
    monkeypatch.setattr(batch_loops, "applies", lambda _trainer: False)
    long = trained(tmp_path / "long" / "7", config)
    assert numbers(short) == numbers(long)
    kept, other = last_checkpoint(tmp_path / "7", short), last_checkpoint(tmp_path / "long" / "7", long)
    assert comparable(kept) == comparable(other)


def steps_of_lightning(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Note each training batch that goes Lightning's way."""
    found: list[str] = []
    theirs = _TrainingEpochLoop.advance

    def noted(loop: Any, *arguments: Any) -> None:
        found.append(type(loop.trainer.lightning_module).__name__)
        theirs(loop, *arguments)

    monkeypatch.setattr(_TrainingEpochLoop, "advance", noted)
    return found


def test_our_own_networks_take_the_short_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = steps_of_lightning(monkeypatch)
    trained(tmp_path / "7", PLAIN)
    assert not found


@pytest.mark.parametrize(
    "trainer", [{"accumulate_grad_batches": 2}, {"precision": "bf16-mixed"}], ids=["accumulated", "bfloat16"]
)
def test_what_is_out_of_the_ordinary_goes_lightnings_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trainer: dict[str, Any]
) -> None:
    found = steps_of_lightning(monkeypatch)
    trained(tmp_path / "7", {"trainer": {"max_epochs": 1, **trainer}})
    assert set(found) == {"Classifier"}


def test_a_network_of_a_team_keeps_all_hooks_of_lightning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = steps_of_lightning(monkeypatch)
    job = job_of(tmp_path / "7", trainer={"max_epochs": 2})
    assert outcome(carry_out(job, data=SmallData(), model=Network())).status == "completed"
    assert len(found) == 2 * 4
