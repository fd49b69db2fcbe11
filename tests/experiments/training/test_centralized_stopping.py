"""Stopped, interrupted, resumed: nothing of an incomplete epoch counts, and nothing of a complete one is lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest
import torch

from experiments.training.callbacks.checkpoints import run_checkpoint
from experiments.training.contract.reports import BestValues, CheckpointSaved, Job, Message, TrainingStopped
from experiments.training.contract.stop import Stop
from runs.events import BatchMetrics, EarlyStopped, EpochEnd, FinalStats, LrUpdate, TrainingStart
from tests.experiments.training.trainings import (
    Network,
    SmallData,
    carry_out,
    job_of,
    metrics_by_epoch,
    of_type,
    outcome,
)


def batch_of_epoch(epoch: int) -> Any:
    return lambda message: isinstance(message, BatchMetrics) and message.epoch == epoch


def resumed_after(messages: list[Message], job: Job, **config: Any) -> Job:
    """Make the next attempt of the same run, from the last checkpoint that was registered."""
    saved = of_type(messages, CheckpointSaved)[-1]
    run_dir = Path(job.run_dir)
    return job_of(run_dir, attempt=job.attempt + 1, resume=(run_dir / saved.last, saved.epoch), **config)


def test_a_stop_in_mid_epoch_leaves_nothing_of_that_epoch(tmp_path: Path) -> None:
    messages = carry_out(job_of(tmp_path / "7"), stop_at=batch_of_epoch(1))
    assert outcome(messages).status == "interrupted"
    assert [(event.epoch, event.phase) for event in of_type(messages, EpochEnd)] == [(0, "train"), (0, "val")]
    assert [saved.epoch for saved in of_type(messages, CheckpointSaved)] == [0]
    assert [path.name for path in tmp_path.rglob("*.ckpt")] == ["epoch0000.ckpt"]
    assert not of_type(messages, FinalStats)
    assert len([m for m in messages if isinstance(m, BatchMetrics) and m.epoch == 1]) == 1


def test_finishing_early_evaluates_the_best_complete_epoch(tmp_path: Path) -> None:
    messages = carry_out(job_of(tmp_path / "7", trainer={"max_epochs": 50}), finish_at=batch_of_epoch(2))
    assert outcome(messages).status == "completed"
    assert {event.epoch for event in of_type(messages, EpochEnd)} == {0, 1}
    [final] = of_type(messages, FinalStats)
    assert final.epoch == of_type(messages, BestValues)[-1].best_epoch
    assert sum(map(sum, final.confusion_matrix)) == of_type(messages, TrainingStart)[0].dataset.sizes["val"]
    order = [type(message) for message in messages]
    assert order.index(TrainingStopped) < order.index(FinalStats)
    assert (tmp_path / "7" / "attempts" / "1" / "predictions.parquet").is_file()
    assert not of_type(messages, EarlyStopped)


def test_finishing_before_an_epoch_is_complete_leaves_nothing_to_evaluate(tmp_path: Path) -> None:
    messages = carry_out(job_of(tmp_path / "7"), finish_at=batch_of_epoch(0))
    assert outcome(messages).status == "interrupted"
    assert not of_type(messages, FinalStats)


def test_a_run_that_was_told_to_finish_can_be_resumed_into_its_evaluation(tmp_path: Path) -> None:
    """Its server was stopped in between: the next attempt is told at once."""
    job = job_of(tmp_path / "7", trainer={"max_epochs": 50})
    messages = carry_out(job, stop_at=batch_of_epoch(2))
    stop = Stop()
    stop.early.set()
    again = carry_out(resumed_after(messages, job, trainer={"max_epochs": 50}), stop=stop)
    assert outcome(again).status == "completed"
    assert not of_type(again, EpochEnd)
    assert of_type(again, FinalStats)[0].epoch == of_type(messages, BestValues)[-1].best_epoch


def test_a_stop_before_the_first_batch(tmp_path: Path) -> None:
    stop = Stop()
    stop.set()
    messages = carry_out(job_of(tmp_path / "7"), stop=stop)
    assert outcome(messages).status == "interrupted"
    assert not of_type(messages, BatchMetrics)


class StopsInValidation(Network):
    """A module that sets the event in the second validation batch of epoch 1."""

    def __init__(self, stop: Stop) -> None:
        super().__init__()
        self._stop = stop

    def validation_step(self, batch: Any, batch_idx: int) -> dict[str, torch.Tensor]:
        if self.current_epoch == 1 and batch_idx == 0:
            self._stop.set()
        return super().validation_step(batch, batch_idx)


def test_a_stop_in_validation_leaves_nothing_of_that_epoch(tmp_path: Path) -> None:
    stop = Stop()
    messages = carry_out(job_of(tmp_path / "7"), stop=stop, data=SmallData(), model=StopsInValidation(stop))
    assert outcome(messages).status == "interrupted"
    assert {event.epoch for event in of_type(messages, EpochEnd)} == {0}
    assert [saved.epoch for saved in of_type(messages, CheckpointSaved)] == [0]


RECIPE: dict[str, Any] = {
    "trainer": {"max_epochs": 5},
    "data": {"test_fraction": 0.2},
    "model": {"dropout": 0.3, "width": 4},
    "optimizer": {"scheduler": "cosine", "learning_rate": 0.01},
    "callbacks": {"save_top_k": 2, "monitor": "val_loss"},
}


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> list[Message]:
    """Train with dropout, shuffling, momentum and a schedule: all that an interruption could disturb."""
    return carry_out(job_of(tmp_path_factory.mktemp("whole") / "7", **RECIPE))


def numbers(messages: list[Message]) -> dict[Any, Any]:
    return {(event.epoch, event.phase): event.metrics for event in of_type(messages, EpochEnd)}


@pytest.mark.parametrize("workers", [0, 1])
def test_an_interrupted_and_resumed_run_repeats_an_uninterrupted_one(
    tmp_path: Path, uninterrupted: list[Message], workers: int
) -> None:
    config = RECIPE | {"data": {"test_fraction": 0.2, "num_workers": workers}}
    job = job_of(tmp_path / "7", **config)
    first = carry_out(job, stop_at=batch_of_epoch(2))
    second = carry_out(resumed_after(first, job, **config))
    assert of_type(second, TrainingStart)[0].resumed_from_epoch == 1
    assert set(metrics_by_epoch(second, "val")) == {2, 3, 4}
    assert numbers(first) | numbers(second) == numbers(uninterrupted)
    assert of_type(second, BestValues)[-1] == of_type(uninterrupted, BestValues)[-1]
    assert of_type(second, BestValues)[0] == of_type(uninterrupted, BestValues)[1], "those up to the checkpoint"
    assert of_type(second, FinalStats) == of_type(uninterrupted, FinalStats)
    assert of_type(second, LrUpdate) == [event for event in of_type(uninterrupted, LrUpdate) if event.epoch >= 2]


def test_the_best_of_an_earlier_attempt_stays_the_best(tmp_path: Path) -> None:
    """In another attempt's folder, and after the home moved."""
    config: dict[str, Any] = {"trainer": {"max_epochs": 4}, "callbacks": {"monitor": "val_loss"}}
    data, model = SmallData(), Network(rate=0.0)
    first_job = job_of(tmp_path / "old home" / "7", **config)
    first = carry_out(first_job, data=data, model=model, stop_at=batch_of_epoch(2))
    (tmp_path / "old home").rename(tmp_path / "new home")
    moved = job_of(tmp_path / "new home" / "7", **config)
    second = carry_out(resumed_after(first, moved, **config), data=data, model=Network(rate=0.0))
    assert outcome(second).status == "completed", outcome(second).reason
    assert [saved.best for saved in of_type(second, CheckpointSaved)] == ["checkpoints/a1/epoch0000.ckpt"] * 2
    assert [saved.last for saved in of_type(second, CheckpointSaved)] == [
        "checkpoints/a2/epoch0002.ckpt",
        "checkpoints/a2/epoch0003.ckpt",
    ]
    assert of_type(second, FinalStats)[0].epoch == 0
    assert {path.name for path in tmp_path.rglob("*.ckpt")} == {"epoch0000.ckpt", "epoch0003.ckpt"}


def test_every_registered_checkpoint_can_be_resumed_one_epoch_later(tmp_path: Path) -> None:
    """A process may die after it saved an epoch and before the server knows: what the server knows must be there."""
    run_dir = tmp_path / "7"
    saved: list[CheckpointSaved] = []
    missing: list[str] = []

    def look(message: Message) -> bool:
        if isinstance(message, CheckpointSaved):
            saved.append(message)
        elif isinstance(message, BestValues):  # the next epoch is complete and not saved yet
            named = [name for known in saved[-2:] for name in (known.last, str(known.best))]
            missing.extend(name for name in named if not (run_dir / name).exists())
        return False

    config: dict[str, Any] = {"trainer": {"max_epochs": 6}, "callbacks": {"monitor": "val_loss"}}
    carry_out(job_of(run_dir, **config), data=SmallData(), model=Network(rate=0.5), stop_at=look)
    assert len(saved) == 6
    assert len({message.best for message in saved}) > 2
    assert not missing


def test_what_the_server_registered_last_stays_while_it_hears_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database is away for the rest of the training, and then so is the worker."""
    monkeypatch.setattr(run_checkpoint, "REGISTRATION_SECONDS", 0.05)
    config: dict[str, Any] = {"trainer": {"max_epochs": 6}, "callbacks": {"monitor": "val_loss", "patience": 9}}
    stop, run_dir = Stop(), tmp_path / "7"

    def register_the_second(message: Message) -> bool:
        if isinstance(message, CheckpointSaved) and message.epoch == 1:
            stop.registered.set(1)
        return False

    job = job_of(run_dir, **config)
    first = carry_out(job, data=SmallData(), model=Network(rate=0.5), stop_at=register_the_second, stop=stop)
    known = of_type(first, CheckpointSaved)[1]
    assert (run_dir / known.last).exists()
    assert (run_dir / str(known.best)).exists()
    again = job_of(run_dir, attempt=2, resume=(run_dir / known.last, 1), **config)
    second = carry_out(again, data=SmallData(), model=Network(rate=0.5))
    assert outcome(second).status == "completed"
    assert sorted(metrics_by_epoch(second, "val")) == [2, 3, 4, 5]


def test_patience_goes_on_counting_after_a_resume(tmp_path: Path) -> None:
    config: dict[str, Any] = {"trainer": {"max_epochs": 30}, "callbacks": {"monitor": "val_loss", "patience": 4}}
    job = job_of(tmp_path / "7", **config)
    first = carry_out(job, data=SmallData(), model=Network(rate=0.0), stop_at=batch_of_epoch(3))
    second = carry_out(resumed_after(first, job, **config), data=SmallData(), model=Network(rate=0.0))
    (event,) = of_type(second, EarlyStopped)
    assert event.epoch == 4
    assert of_type(second, BestValues)[-1].total_epochs == 5


def test_a_run_resumed_after_its_last_epoch_is_only_evaluated(tmp_path: Path) -> None:
    config: dict[str, Any] = {"trainer": {"max_epochs": 2}}
    job = job_of(tmp_path / "7", **config)
    first = carry_out(job, data=SmallData(), model=Network())
    second = carry_out(resumed_after(first, job, **config), data=SmallData(), model=Network())
    assert of_type(second, TrainingStart)[0].resumed_from_epoch == 1
    assert not of_type(second, EpochEnd)
    assert not of_type(second, BatchMetrics)
    assert of_type(second, FinalStats) == of_type(first, FinalStats)
    assert outcome(second).status == "completed"


def test_a_run_resumed_after_early_stopping_trains_no_further(tmp_path: Path) -> None:
    config: dict[str, Any] = {"trainer": {"max_epochs": 30}, "callbacks": {"monitor": "val_loss", "patience": 2}}
    job = job_of(tmp_path / "7", **config)
    first = carry_out(job, data=SmallData(), model=Network(rate=0.0))
    second = carry_out(resumed_after(first, job, **config), data=SmallData(), model=Network(rate=0.0))
    assert not of_type(second, EpochEnd)
    assert of_type(second, FinalStats) == of_type(first, FinalStats)


def test_a_stop_while_the_best_checkpoint_is_evaluated(tmp_path: Path) -> None:
    """The last epoch's checkpoint is told just before: everything after it is evaluation."""
    job = job_of(tmp_path / "7", trainer={"max_epochs": 2})
    messages = carry_out(job, stop_at=lambda m: isinstance(m, CheckpointSaved) and m.epoch == 1)
    assert outcome(messages).status == "interrupted"
    assert not of_type(messages, FinalStats)
    assert of_type(carry_out(resumed_after(messages, job, trainer={"max_epochs": 2})), FinalStats)


@pytest.mark.parametrize("moment", [TrainingStart, BatchMetrics, EpochEnd, CheckpointSaved, FinalStats])
def test_sigterm_is_a_stop_at_any_moment(tmp_path: Path, moment: type[Message]) -> None:
    """Lightning's own handler would end the process with exit code 0, as if all were well."""
    before = signal.getsignal(signal.SIGTERM)

    def terminate(message: Message) -> bool:
        if isinstance(message, moment):
            os.kill(os.getpid(), signal.SIGTERM)
        return False

    job = job_of(tmp_path / "7", trainer={"max_epochs": 3})
    messages = carry_out(job, data=SmallData(), model=Network(), stop_at=terminate)
    assert outcome(messages).status == ("completed" if moment is FinalStats else "interrupted")
    complete = len(of_type(messages, CheckpointSaved))
    assert complete == {TrainingStart: 0, BatchMetrics: 0, EpochEnd: 1, CheckpointSaved: 1, FinalStats: 3}[moment]
    assert len(of_type(messages, EpochEnd)) == 2 * complete
    assert signal.getsignal(signal.SIGTERM) is before


SCRIPT = """
import sys, msgspec
from experiments.training.contract.stop import Stop
from experiments.training.recipes.centralized import train
from experiments.training.contract.reports import Job
def report(message):
    print(message.type, getattr(message, "status", ""), flush=True)
train(msgspec.json.decode(sys.argv[1], type=Job), report, Stop())
"""


def test_a_process_that_gets_sigterm_says_that_it_was_interrupted(tmp_path: Path) -> None:
    job = job_of(tmp_path / "7", trainer={"max_epochs": 10_000}, callbacks={"patience": 10_000})
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, msgspec.json.encode(job).decode()],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line.strip())
        if lines[-1] == "checkpoint_saved" and lines.count("checkpoint_saved") == 1:
            process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=60) == 0
    assert lines[-1] == "outcome interrupted"
