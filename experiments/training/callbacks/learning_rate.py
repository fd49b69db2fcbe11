"""Report changes of the learning rate. Lightning's LearningRateMonitor does so for loggers only, and needs one."""

from __future__ import annotations

import math
from typing import Any

import pytorch_lightning as pl
from pytorch_lightning.callbacks import Callback

from runs.events import Emit, LrUpdate


def current_rate(trainer: pl.Trainer) -> float:
    """Return the learning rate of the first parameter group, as the next step will use it."""
    return float(trainer.optimizers[0].param_groups[0]["lr"])


class LearningRate(Callback):
    """Emits `lr_update` before the first step that uses a new rate, the very first one included.

    `step` counts the optimizer steps done before it. Within an epoch only every n-th batch is considered: a rate that
    changes with each step would fill the journal.
    """

    def __init__(self, *, every: int, emit: Emit) -> None:
        self._every, self._emit = every, emit
        self._reported: float | None = None

    def on_train_batch_start(self, trainer: pl.Trainer, _module: Any, _batch: Any, batch_idx: int) -> None:
        """Emit the rate if it has changed since it was last reported."""
        if batch_idx % self._every:
            return
        rate = current_rate(trainer)
        if rate != self._reported:
            self._reported = rate
            known = rate if math.isfinite(rate) else None
            self._emit(LrUpdate(epoch=trainer.current_epoch, step=trainer.global_step, learning_rate=known))
