"""Every failure ends with a sentence for the user, and never with a number that is not finite."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import msgspec
import pytest
import torch

from experiments.training.contract.reports import BestValues, CheckpointSaved, Note
from experiments.training.contract.source_errors import SourceError
from experiments.training.recipes.failures import reason
from runs.events import EpochEnd, Event, FinalStats, encode
from tests.experiments.training.trainings import (
    Network,
    SmallData,
    carry_out,
    job_of,
    metrics_by_epoch,
    of_type,
    outcome,
)


def test_a_diverged_training_ends_with_a_clear_word(tmp_path: Path) -> None:
    job = job_of(tmp_path / "7", optimizer={"learning_rate": 1e10, "name": "sgd"}, trainer={"max_epochs": 20})
    messages = carry_out(job)
    last = of_type(messages, EpochEnd)[-1].epoch
    assert outcome(messages).status == "failed"
    (note,) = of_type(messages, Note)
    assert note.code == "diverged"
    assert outcome(messages).reason == note.text
    for word in (f"epoch {last + 1}", "1e+10", "optimizer.learning_rate", "trainer.gradient_clip_val"):
        assert word in note.text
    assert metrics_by_epoch(messages, "train")[last]["train_loss"] is None
    assert set(metrics_by_epoch(messages, "val")[last].values()) == {None}
    assert of_type(messages, BestValues)[-1].total_epochs == last + 1
    assert last not in [saved.epoch for saved in of_type(messages, CheckpointSaved)]
    assert not of_type(messages, FinalStats)
    for message in messages:
        if isinstance(message, Event):
            assert b"NaN" not in encode(message)


class Stumbles(Network):
    """A module whose first batch of epoch 1 has no finite loss; the gradients stay as they are."""

    def training_step(self, batch: Any, batch_idx: int) -> dict[str, torch.Tensor]:
        outputs = super().training_step(batch, batch_idx)
        if self.current_epoch == 1 and batch_idx == 0:
            outputs["loss"] = outputs["loss"] * float("inf")
            self.zero_grad()
        return outputs

    def on_before_optimizer_step(self, optimizer: Any) -> None:
        for parameter in self.parameters():
            if parameter.grad is not None:
                parameter.grad = torch.nan_to_num(parameter.grad, nan=0.0, posinf=0.0, neginf=0.0)


def test_a_stumble_is_noted_and_does_not_end_the_training(tmp_path: Path) -> None:
    messages = carry_out(job_of(tmp_path / "7", trainer={"max_epochs": 3}), data=SmallData(), model=Stumbles())
    assert outcome(messages).status == "completed", outcome(messages).reason
    train = metrics_by_epoch(messages, "train")
    assert [train[epoch]["train_loss"] is None for epoch in range(3)] == [False, True, False]
    assert train[1]["train_acc"] is not None
    (note,) = of_type(messages, Note)
    assert "epoch 2" in note.text  # people count from 1


def test_an_unknown_monitored_value_is_never_best_and_stops_nothing(tmp_path: Path) -> None:
    """One class only: no AUROC in any epoch. The best checkpoint is then the one with the lowest loss."""
    messages = carry_out(
        job_of(tmp_path / "7", trainer={"max_epochs": 3}, callbacks={"patience": 5}),
        data=SmallData(split=False),
        model=Network(),
    )
    assert outcome(messages).status == "completed", outcome(messages).reason
    val = metrics_by_epoch(messages, "val")
    assert {numbers["val_auroc"] for numbers in val.values()} == {None}
    best = of_type(messages, BestValues)[-1]
    assert best.best_epoch is best.best_value is best.best_val_recall is None
    losses = [numbers["val_loss"] for numbers in val.values()]
    assert of_type(messages, FinalStats)[0].epoch == losses.index(min(losses))  # type: ignore[type-var]


def test_a_missing_source_is_named_without_its_class(tmp_path: Path) -> None:
    messages = carry_out(job_of(tmp_path / "7", source_path="/nowhere/at/all"))
    assert outcome(messages).status == "failed"
    assert "Error" not in str(outcome(messages).reason)
    assert len(messages) == 1


class Breaks(Network):
    def training_step(self, batch: Any, batch_idx: int) -> dict[str, torch.Tensor]:
        raise ValueError("boom")


def test_an_exception_is_told_by_class_and_message_with_its_traceback_logged(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    messages = carry_out(job_of(tmp_path / "7"), data=SmallData(), model=Breaks())
    assert (outcome(messages).status, outcome(messages).reason) == ("failed", "ValueError: boom")
    assert "Traceback (most recent call last)" in capfd.readouterr().err


def test_an_invalid_configuration_fails_the_run_and_nothing_else(tmp_path: Path) -> None:
    job = msgspec.structs.replace(job_of(tmp_path / "7"), config={"experiment_name": "x"})
    assert outcome(carry_out(job)).status == "failed"


def test_a_lost_checkpoint_fails_the_run(tmp_path: Path) -> None:
    messages = carry_out(job_of(tmp_path / "7", attempt=2, resume=(tmp_path / "gone.ckpt", 3)))
    assert outcome(messages).status == "failed"
    assert "gone.ckpt" in str(outcome(messages).reason)


def test_a_checkpoint_with_code_in_it_is_refused(tmp_path: Path) -> None:
    """A pickle may run anything when it is read; this one would make a folder."""

    class Code:
        def __reduce__(self) -> Any:
            return os.mkdir, (str(tmp_path / "ran"),)

    torch.save({"state_dict": {}, "code": Code()}, tmp_path / "evil.ckpt")
    messages = carry_out(
        job_of(tmp_path / "7", attempt=2, resume=(tmp_path / "evil.ckpt", 0)), data=SmallData(), model=Network()
    )
    assert outcome(messages).status == "failed"
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (torch.OutOfMemoryError("CUDA out of memory"), "GPU ran out of memory"),
        (RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling cublasCreate"), "GPU ran out of memory"),
        (RuntimeError("DataLoader worker (pid 7) is killed by signal: Killed. "), "Lower data.num_workers"),
        (RuntimeError("DataLoader worker (pid 7) is killed by signal: Bus error. "), "/dev/shm"),
        (MemoryError(), "machine ran out of memory"),
        (OSError(errno.ENOSPC, "No space left on device"), "disk is full"),
        (OSError(errno.EROFS, "Read-only file system", "/srv/home/runs/7/.x.tmp"), "disk is read-only. Ask"),
        (PermissionError(errno.EACCES, "Permission denied", "/srv/home/runs/7/.x.tmp"), "give it the right"),
        (FileNotFoundError(errno.ENOENT, "No such file", "/srv/home/x.pt"), "FileNotFoundError: No such file: 'x.pt'"),
        (SourceError("source_path", "The folder has no images."), "The folder has no images."),
        (KeyError("x"), "KeyError: 'x'"),
        (RuntimeError(), "RuntimeError"),
    ],
)
def test_reasons(error: Exception, words: str) -> None:
    assert words in reason(error)
    assert not reason(error).endswith(":")
    assert "/srv" not in reason(error)


def test_memory_that_torch_cannot_get_is_recognised() -> None:
    with pytest.raises(RuntimeError) as caught:
        torch.empty(2**60)
    assert "machine ran out of memory" in reason(caught.value)


@pytest.mark.parametrize("buffering", [0, -1])
def test_a_full_disk_is_recognised_behind_torchs_own_error(buffering: int) -> None:
    def save() -> None:
        with Path("/dev/full").open("wb", buffering=buffering) as file:
            torch.save({"weights": torch.zeros(100_000)}, file)

    with pytest.raises((OSError, RuntimeError)) as caught:
        save()
    assert "disk is full" in reason(caught.value)


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a GPU")
def test_a_gpu_that_is_not_there(tmp_path: Path) -> None:
    messages = carry_out(job_of(tmp_path / "7", trainer={"accelerator": "gpu"}), data=SmallData(), model=Network())
    assert "trainer.accelerator" in str(outcome(messages).reason)
