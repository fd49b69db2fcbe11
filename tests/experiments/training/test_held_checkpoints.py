"""Short epochs wait in memory for their checkpoint: a stop or an error costs none, and a kill the last seconds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from experiments.training.callbacks.checkpoints import cadence, run_checkpoint
from experiments.training.contract.reports import BestValues, CheckpointSaved, Message
from runs.events import BatchMetrics, EpochEnd, FinalStats
from tests.experiments.training.trainings import Network, SmallData, carry_out, job_of, of_type, outcome

CONFIG: dict[str, Any] = {
    "trainer": {"max_epochs": 6},
    "callbacks": {"monitor": "val_loss", "early_stopping": False, "save_top_k": 2},
}


@pytest.fixture(autouse=True)
def _a_disk_so_slow_that_short_epochs_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cadence, "SHARE", 1e-9)
    monkeypatch.setattr(cadence, "LONGEST_SECONDS", 3_600.0)


def trained(run_dir: Path, network: Network | None = None, **how: Any) -> list[Message]:
    return carry_out(job_of(run_dir, **CONFIG), data=SmallData(), model=network or Network(rate=0.5), **how)


def saved(messages: list[Message]) -> list[int]:
    return [message.epoch for message in of_type(messages, CheckpointSaved)]


def numbers(messages: list[Message]) -> dict[Any, Any]:
    return {(event.epoch, event.phase): event.metrics for event in of_type(messages, EpochEnd)}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> list[Message]:
    """Train with every epoch on disk."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cadence, "LONGEST_SECONDS", 0.0)
        return trained(tmp_path_factory.mktemp("whole") / "7")


def test_the_first_and_the_last_epoch_and_the_best_reach_the_disk(tmp_path: Path, whole: list[Message]) -> None:
    on_disk: list[set[str]] = []

    def look(message: Message) -> bool:
        if isinstance(message, BestValues):  # of the epoch before
            on_disk.append({path.name for path in tmp_path.rglob("*.ckpt")})
        return False

    messages = trained(tmp_path / "7", stop_at=look)
    assert saved(messages) == [0, 5]
    assert on_disk == [set()] + [{"epoch0000.ckpt"}] * 5
    assert numbers(messages) == numbers(whole)
    assert of_type(messages, FinalStats) == of_type(whole, FinalStats)
    by_loss = sorted(range(6), key=lambda epoch: numbers(whole)[epoch, "val"]["val_loss"])
    assert {path.name for path in tmp_path.rglob("*.ckpt")} == {f"epoch000{e}.ckpt" for e in {*by_loss[:2], 5}}
    last = of_type(messages, CheckpointSaved)[-1]
    assert last.best == f"checkpoints/a1/epoch000{by_loss[0]}.ckpt"
    assert (tmp_path / "7" / last.last).is_file()


def test_a_stop_loses_no_complete_epoch(tmp_path: Path, whole: list[Message]) -> None:
    first = trained(tmp_path / "7", stop_at=lambda m: isinstance(m, BatchMetrics) and m.epoch == 4)
    assert outcome(first).status == "interrupted"
    assert saved(first) == [0, 3]
    known = of_type(first, CheckpointSaved)[-1]
    again = job_of(tmp_path / "7", attempt=2, resume=(tmp_path / "7" / known.last, known.epoch), **CONFIG)
    second = carry_out(again, data=SmallData(), model=Network(rate=0.5))
    assert sorted({event.epoch for event in of_type(second, EpochEnd)}) == [4, 5]
    assert numbers(first) | numbers(second) == numbers(whole)
    assert of_type(second, FinalStats) == of_type(whole, FinalStats)


class BreaksInEpoch3(Network):
    def training_step(self, batch: Any, batch_idx: int) -> dict[str, torch.Tensor]:
        if self.current_epoch == 3:
            raise ValueError("boom")
        return super().training_step(batch, batch_idx)


def test_an_error_loses_no_complete_epoch(tmp_path: Path) -> None:
    messages = trained(tmp_path / "7", BreaksInEpoch3(rate=0.5))
    assert outcome(messages).reason == "ValueError: boom"
    assert saved(messages) == [0, 2]
    assert (tmp_path / "7" / of_type(messages, CheckpointSaved)[-1].last).is_file()


def test_what_would_fill_the_memory_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_checkpoint, "HELD_BYTES", 0)
    assert saved(trained(tmp_path / "7")) == [0, 1, 2, 3, 4, 5]
    assert not list(tmp_path.rglob("*.tmp"))
