"""Single callbacks in the real Trainer."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest
import pytorch_lightning as pl
from pytorch_lightning.callbacks import Callback

from experiments.training.callbacks.chain import build_chain
from experiments.training.callbacks.metrics_collector import MetricsCollector
from experiments.training.callbacks.progress import ProgressReporter
from experiments.training.contract.config import TrainingConfig
from experiments.training.contract.reports import Message
from experiments.training.contract.stop import Stop
from runs.events import EpochEnd, Event, ModelSummary, Progress
from tests.experiments.training.trainings import Network, SmallData, job_of, of_type


def fit(callback: Callback, **options: Any) -> pl.Trainer:
    trainer = pl.Trainer(
        callbacks=[callback],
        accelerator="cpu",
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        **options,
    )
    trainer.fit(Network(), datamodule=SmallData(batch_size=5))
    return trainer


def test_progress_by_a_clock_that_ticks_once_a_batch() -> None:
    """Ten batches of 5 and six of validation each of two epochs; told at most every four seconds."""
    seconds = itertools.count()
    events: list[Event] = []
    fit(ProgressReporter(interval=4.0, emit=events.append, clock=lambda: float(next(seconds))), max_epochs=2)
    progress = of_type(events, Progress)
    places = [(event.epoch, event.batch_idx) for event in progress]
    assert places == [(0, 0), (0, 4), (0, 8), (0, 9), (1, 0), (1, 4), (1, 8), (1, 9)]
    assert {event.batches for event in progress} == {10}
    assert {event.total_steps for event in progress} == {20}
    assert [event.step for event in progress] == [1, 5, 9, 10, 11, 15, 19, 20]
    assert {event.samples_per_second for event in progress} == {5.0}
    assert progress[0].eta_seconds == 19.0


def test_the_sanity_check_is_no_epoch() -> None:
    messages: list[Message] = []
    trainer = fit(MetricsCollector(threshold=0.5, report=messages.append), max_epochs=1, num_sanity_val_steps=2)
    assert [(event.epoch, event.phase) for event in of_type(messages, EpochEnd)] == [(0, "train"), (0, "val")]
    val = of_type(messages, EpochEnd)[1].metrics
    assert sum(val[f"val_cm_{count}"] or 0 for count in ("tp", "tn", "fp", "fn")) == 30
    assert {name: float(value) for name, value in trainer.callback_metrics.items()} == val


@pytest.mark.parametrize("early_stopping", [True, False])
def test_the_chain_is_in_the_order_that_was_agreed(tmp_path: Path, early_stopping: bool) -> None:
    job = job_of(tmp_path / "7", callbacks={"early_stopping": early_stopping})
    config = TrainingConfig.model_validate(job.config)
    chain = build_chain(
        config,
        job,
        dataset=SmallData().summary,
        model=ModelSummary(name="x", parameters=1, trainable=1),
        threshold=0.5,
        report=print,
        stop=Stop(),
    )
    names = [type(callback).__name__ for callback in chain.callbacks]
    stopping = ["RunEarlyStopping", "EarlyStoppingSignal"] if early_stopping else []
    assert names == [
        "BatchHooks",
        "StartAnnouncer",
        "StepContract",
        "RunCheckpoint",
        *stopping,
        "LearningRate",
        "BestTracker",
        "MetricsCollector",
        "BatchReporter",
        "GradientMonitor",
        "ProgressReporter",
        "EpochSeed",
        "StopWatcher",
    ]
