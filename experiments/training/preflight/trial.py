"""Train a copy of the model on a few real batches: measure memory and time, and estimate the whole training.

Leaves no trace in the training that follows: weights, optimizer and random numbers are as they were. Writes no files,
so that nothing stays behind when its process is killed.
"""

from __future__ import annotations

import copy
import gc
import random
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import Callback

from experiments.training import ranks
from experiments.training.callbacks.augmenting import Augmenter
from experiments.training.callbacks.averaging import RunAveraging
from experiments.training.callbacks.step_contract import StepContract
from experiments.training.callbacks.stopping import StopWatcher
from experiments.training.contract import preflight_report
from experiments.training.contract.config import TrainingConfig
from experiments.training.contract.stop import Stop
from experiments.training.data.module import DataModule
from experiments.training.preflight import memory

BATCHES = 4
VALIDATION_BATCHES = 2
ENOUGH_SECONDS = 5.0  # no further batch is started after this time

MakeTrainer = Callable[..., pl.Trainer]


class Stopwatch(Callback):
    """Measures each batch in seconds of one clock, and ends the trial once it has measured enough."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._began = 0.0
        self._validation_began = 0.0
        self.training: list[float] = []
        self.validation: list[float] = []

    def on_train_epoch_start(self, *_: Any) -> None:
        """Start timing the first batch."""
        self._began = self._clock()

    def on_train_batch_end(self, trainer: pl.Trainer, *_: Any) -> None:
        """Record the batch's time, including fetching it, and end the trial after enough seconds."""
        _wait_for(trainer)
        now = self._clock()
        self.training.append(now - self._began)
        self._began = now  # the next one's time includes fetching it
        if sum(self.training) > ENOUGH_SECONDS and ranks.place().ranks == 1:  # several must do equally many
            trainer.should_stop = True

    def on_validation_start(self, *_: Any) -> None:
        """Start timing the first validation batch."""
        self._validation_began = self._clock()

    def on_validation_batch_end(self, trainer: pl.Trainer, *_: Any) -> None:
        """Record the validation batch's time."""
        _wait_for(trainer)
        now = self._clock()
        self.validation.append(now - self._validation_began)
        self._validation_began = now


def run(
    config: TrainingConfig,
    module: pl.LightningModule,
    data: DataModule,
    *,
    model_name: str,
    make_trainer: MakeTrainer,
    stop: Stop,
) -> preflight_report.Trial:
    """Try the model and measure; raises what the training would raise, and `Interrupted` once `stop` is set."""
    watch = Stopwatch()
    memory.reset_peak()
    with _unchanged_randomness():
        trainer = make_trainer(
            [StepContract(data.num_classes), *_changing_the_work(config), watch, StopWatcher(stop)],
            max_epochs=1,
            limit_train_batches=BATCHES,
            limit_val_batches=VALIDATION_BATCHES,
            enable_checkpointing=False,
        )
        trial = _without_schedule(copy.deepcopy(module))
        device = trainer.strategy.root_device
        if device.type == "cuda":
            torch.cuda.reset_peak_memory_stats(device)
        trainer.fit(trial, datamodule=data)
        found = _measured(config, data, watch, trainer, model=model_name, parameters=_size(module))
        data.trainer = None  # releases the copy
    if device.type == "cuda":
        del trial, trainer
        gc.collect()  # trainer and copy hold each other, and the GPU's memory
        torch.cuda.empty_cache()
    return found


def _measured(
    config: TrainingConfig, data: DataModule, watch: Stopwatch, trainer: pl.Trainer, *, model: str, parameters: int
) -> preflight_report.Trial:
    batch = statistics.median(watch.training[1:] or watch.training)
    validation = statistics.median(watch.validation[1:] or watch.validation or [0.0])
    batches, checks = len(data.train_dataloader()), len(data.val_dataloader())
    tests = data.test_dataloader()
    epoch = batches * batch + checks * validation
    once = watch.training[0] - batch + (checks + (len(tests) if tests else 0)) * validation  # warm-up, last evaluation
    device = trainer.strategy.root_device
    gpu = device if device.type == "cuda" else None
    return preflight_report.Trial(
        device=torch.cuda.get_device_name(gpu) if gpu else "CPU",
        model=model,
        parameters=parameters,
        batch_size=config.data.batch_size,
        batches=len(watch.training),
        first_batch_seconds=watch.training[0],
        batch_seconds=batch,
        validation_batch_seconds=validation,
        batches_per_epoch=batches,
        epoch_seconds=epoch,
        epochs=config.trainer.max_epochs,
        total_seconds=config.trainer.max_epochs * epoch + max(0.0, once),
        memory_bytes=memory.peak(),
        gpu_bytes=torch.cuda.max_memory_allocated(gpu) if gpu else None,
        gpu_total_bytes=torch.cuda.get_device_properties(gpu).total_memory if gpu else None,
        precision=str(trainer.precision),
        threads=torch.get_num_threads(),
    )


def _size(module: pl.LightningModule) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def _without_schedule(module: pl.LightningModule) -> pl.LightningModule:
    """Drop the schedule: one by the monitored value would fail, as nothing reports metrics here."""
    configure = module.configure_optimizers
    module.configure_optimizers = lambda: _optimizer_of(configure())  # type: ignore[method-assign]
    return module


def _optimizer_of(configured: Any) -> Any:
    """Pick the optimizers from a dictionary, or from a list of optimizers and one of schedules."""
    if isinstance(configured, dict):
        return configured["optimizer"]
    if isinstance(configured, tuple) and len(configured) == 2 and isinstance(configured[0], list):
        return configured[0]
    return configured


def _changing_the_work(config: TrainingConfig) -> list[Callback]:
    """Make the callbacks that add time to each batch of the training; they write no files."""
    preset, decay = config.augmentation.preset, config.trainer.ema_decay
    augmenting: list[Callback] = [] if preset == "none" else [Augmenter(preset, seed=config.seed, run_dir=None)]
    return augmenting if decay is None else [*augmenting, RunAveraging(decay)]


@contextmanager
def _unchanged_randomness() -> Iterator[None]:
    """Restore Python's, NumPy's and torch's random generators at the end of the block."""
    python, numpy, cpu = random.getstate(), np.random.get_state(), torch.get_rng_state()
    gpus = torch.cuda.get_rng_state_all() if torch.cuda.is_available() else None
    try:
        yield
    finally:
        random.setstate(python)
        np.random.set_state(numpy)
        torch.set_rng_state(cpu)
        if gpus is not None:
            torch.cuda.set_rng_state_all(gpus)


def _wait_for(trainer: pl.Trainer) -> None:
    """Wait until a GPU has finished, as calls return before it does."""
    if trainer.strategy.root_device.type == "cuda":
        torch.cuda.synchronize(trainer.strategy.root_device)
