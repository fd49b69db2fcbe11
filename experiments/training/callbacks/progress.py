"""Report how far the training is, how fast it goes and when it will end."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any

import pytorch_lightning as pl
from pytorch_lightning.callbacks import Callback

from experiments.training.callbacks.data_wait import DataWait
from runs.events import Emit, Progress


class Pace:
    """Measured times of one attempt, all in seconds of one clock; independent of Lightning."""

    def __init__(self, *, batches: int | None, max_epochs: int) -> None:
        self._batches, self._max_epochs = batches, max_epochs
        self._epoch = 0
        self._epoch_start = self._window_start = self._last_batch = 0.0
        self._done = 0
        self._samples = 0
        self._between: float | None = None  # validation, checkpoint: an epoch's time besides its batches
        self._waited = self._waited_before = 0.0  # total for data: at the last batch, and at the window's start
        self.samples_per_second: float | None = None
        self.data_wait_share: float | None = None

    def epoch_started(self, now: float, epoch: int) -> None:
        """Start an epoch; the time since the last batch of the one before counts as between epochs."""
        if self._done:
            self._between = now - self._last_batch
        self._epoch, self._done, self._samples = epoch, 0, 0
        self._epoch_start = self._window_start = self._last_batch = now
        self._waited_before = self._waited

    def batch_done(self, now: float, samples: int, waited: float = 0.0) -> None:
        """Count a finished training batch; `waited` is the total time spent waiting for data until then."""
        self._done += 1
        self._samples += samples
        self._last_batch, self._waited = now, waited

    def measure(self, now: float) -> None:
        """Set rate and share to those since the last measurement in this epoch.

        While no samples were trained the rate stays as it was, and the share is unknown.
        """
        self.data_wait_share = None
        if self._samples and self._last_batch > self._window_start:
            taken = self._last_batch - self._window_start
            self.samples_per_second = self._samples / taken
            self.data_wait_share = min(1.0, max(0.0, self._waited - self._waited_before) / taken)
            self._window_start, self._samples, self._waited_before = now, 0, self._waited

    def eta(self, now: float) -> float | None:
        """Estimate the seconds to the end of the last epoch from the times measured; None before the first batch."""
        if not self._done or self._batches is None:
            return None
        per_batch = (self._last_batch - self._epoch_start) / self._done
        between = self._between or 0.0
        epochs_left = self._max_epochs - self._epoch - 1
        left = (self._batches - self._done) * per_batch + between + epochs_left * (self._batches * per_batch + between)
        return max(0.0, left - (now - self._last_batch))


class ProgressReporter(Callback):
    """Emits `progress`, at most once per interval, also while validation runs; the samples are those of all ranks.

    `batch_idx` is the last training batch done, `step` counts the optimizer steps done.
    """

    def __init__(self, *, interval: float, emit: Emit, clock: Callable[[], float] = time.monotonic) -> None:
        self._interval, self._emit, self._clock = interval, emit, clock
        self._wait: DataWait | None = None
        self._pace = Pace(batches=None, max_epochs=0)
        self._batches: int | None = None
        self._total_steps: int | None = None
        self._next = -math.inf

    def on_train_start(self, trainer: pl.Trainer, *_: Any) -> None:
        """Read the training's length and start measuring."""
        self._wait = trainer.profiler if isinstance(trainer.profiler, DataWait) else None  # type: ignore[attr-defined]
        self._batches = finite(trainer.num_training_batches)
        self._total_steps = finite(trainer.estimated_stepping_batches)
        self._pace = Pace(batches=self._batches, max_epochs=trainer.max_epochs or 0)

    def on_train_epoch_start(self, trainer: pl.Trainer, *_: Any) -> None:
        """Start measuring an epoch."""
        self._pace.epoch_started(self._clock(), trainer.current_epoch)

    def on_train_batch_end(
        self,
        trainer: pl.Trainer,
        _module: Any,
        outputs: Any,
        *_: Any,
    ) -> None:
        """Count the batch and emit progress if the interval is over."""
        now = self._clock()
        waited = self._wait.seconds if self._wait else 0.0
        self._pace.batch_done(now, len(outputs["target"]) * trainer.world_size, waited)
        if now >= self._next:
            self._report(trainer, now)

    def on_validation_batch_end(self, trainer: pl.Trainer, *_: Any) -> None:
        """Emit progress if the interval is over."""
        now = self._clock()
        if now >= self._next and not trainer.sanity_checking:
            self._report(trainer, now)

    def _report(self, trainer: pl.Trainer, now: float) -> None:
        self._next = now + self._interval
        self._pace.measure(now)
        self._emit(
            Progress(
                epoch=trainer.current_epoch,
                batch_idx=trainer.fit_loop.batch_idx,
                batches=self._batches,
                step=trainer.global_step,
                total_steps=self._total_steps,
                samples_per_second=self._pace.samples_per_second,
                eta_seconds=self._pace.eta(now),
                data_wait_share=self._pace.data_wait_share if self._wait else None,
            )
        )


def finite(count: float) -> int | None:
    """Convert a count to int, None where Lightning says infinity."""
    return int(count) if math.isfinite(count) else None
