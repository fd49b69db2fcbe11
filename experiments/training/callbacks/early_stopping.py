"""End a training that no longer improves, and report it only if that is what ended it."""

from __future__ import annotations

import math
from typing import Any

import pytorch_lightning as pl
from pytorch_lightning.callbacks import Callback, EarlyStopping
from pytorch_lightning.callbacks.early_stopping import EarlyStoppingReason

from experiments.training.callbacks.ranking import Mode
from runs.events import EarlyStopped, Emit
from runs.wording.metric_text import metric_value


class RunEarlyStopping(EarlyStopping):
    """Lightning's EarlyStopping, except that an unknown value does not end the training and a stop survives a resume.

    The second matters for a run that was interrupted after it had stopped, while its best checkpoint was evaluated.
    """

    def __init__(self, *, monitor: str, mode: Mode, patience: int, min_delta: float) -> None:
        super().__init__(monitor=monitor, mode=mode, patience=patience, min_delta=min_delta, check_finite=False)

    @property
    def has_stopped(self) -> bool:
        """Whether patience ran out, in this attempt or before."""
        return self.stopping_reason is EarlyStoppingReason.PATIENCE_EXHAUSTED

    def on_train_start(self, trainer: pl.Trainer, *_: Any) -> None:
        """End the training at once if patience ran out in an earlier attempt."""
        if self.has_stopped:
            trainer.should_stop = True


class EarlyStoppingSignal(Callback):
    """Emits `early_stopping` at the end of the training, if patience ran out before the last epoch.

    Not at the epoch's end: Lightning calls EarlyStopping after all callbacks that monitor nothing.
    """

    def __init__(self, early_stopping: RunEarlyStopping, emit: Emit) -> None:
        self._early_stopping, self._emit = early_stopping, emit

    def on_train_end(self, trainer: pl.Trainer, *_: Any) -> None:
        """Emit the event if patience ended the training."""
        stopping = self._early_stopping
        if stopping.has_stopped and stopping.stopped_epoch + 1 < (trainer.max_epochs or 0):
            best = trainer.checkpoint_callback.best_model_score  # type: ignore[union-attr]
            self._emit(stopped(stopping, None if best is None else float(best)))


def stopped(stopping: EarlyStopping, best: float | None) -> EarlyStopped:
    """Build the event, with a sentence for the user; a `best` that is not a number is unknown."""
    known = best if best is not None and math.isfinite(best) else None
    reached = "never had a known value" if known is None else f"best value {metric_value(stopping.monitor, known)}"
    return EarlyStopped(
        epoch=stopping.stopped_epoch,
        best_metric_value=known,
        patience=stopping.patience,
        monitor=stopping.monitor,
        reason=f"{stopping.monitor} did not improve for {stopping.wait_count} epochs ({reached}).",
    )
