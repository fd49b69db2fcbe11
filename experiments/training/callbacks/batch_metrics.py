"""Report the numbers of single training batches."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytorch_lightning as pl
from pytorch_lightning.callbacks import Callback

from experiments.training.callbacks.steps import Steps
from runs.events import BatchMetrics, Emit
from runs.statistics.matrix_statistics import Number
from runs.statistics.roc import Floats, Ints
from runs.statistics.score_statistics import epoch_metrics


class BatchReporter(Callback):
    """Emits `batch_metrics` for every n-th batch of an epoch, its first included; only for the first rank's part.

    `step` counts the optimizer steps done, this batch's included.
    """

    def __init__(self, *, every: int, threshold: float | None, emit: Emit) -> None:
        self._every, self._threshold, self._emit = every, threshold, emit

    def on_train_batch_end(
        self,
        trainer: pl.Trainer,
        _module: Any,
        outputs: Any,
        _batch: Any,
        batch_idx: int,
    ) -> None:
        """Emit the batch's loss and metrics if its turn has come."""
        if batch_idx % self._every:
            return
        step = Steps()
        step.add(outputs)
        # Lightning divides the loss of a training step by accumulate_grad_batches.
        loss = float(step.losses()[0]) * trainer.accumulate_grad_batches
        self._emit(
            BatchMetrics(
                step=trainer.global_step,
                batch_idx=batch_idx,
                epoch=trainer.current_epoch,
                loss=loss if math.isfinite(loss) else None,
                **batch_numbers(step.scores(), step.targets(), self._threshold),
            )
        )


def batch_numbers(scores: Floats, targets: Ints, threshold: float | None) -> dict[str, Number]:
    """Compute accuracy, recall and F1 of one batch; the last two are unknown in a binary batch without positives."""
    numbers = epoch_metrics("train", loss=None, scores=scores, targets=targets, threshold=threshold)
    f1 = numbers["train_f1"] if scores.ndim == 2 or np.any(targets == 1) else None
    return {"accuracy": numbers["train_acc"], "recall": numbers["train_recall"], "f1": f1}
