"""Report what is about to be trained."""

from __future__ import annotations

from typing import Any

import pytorch_lightning as pl
from pytorch_lightning.callbacks import Callback

from experiments.training.callbacks.progress import finite
from runs.events import DatasetSummary, Emit, ModelSummary, TrainingStart


class StartAnnouncer(Callback):
    """Emits `training_start` once; a run that has nothing left to train is announced by `announce`."""

    def __init__(
        self,
        *,
        run_id: int,
        experiment_name: str,
        resumed_from_epoch: int | None,
        dataset: DatasetSummary,
        model: ModelSummary,
        emit: Emit,
    ) -> None:
        self._run_id, self._experiment_name = run_id, experiment_name
        self._resumed_from_epoch = resumed_from_epoch
        self._dataset, self._model, self._emit = dataset, model, emit
        self._announced = False

    def on_train_start(self, trainer: pl.Trainer, *_: Any) -> None:
        """Announce the training."""
        self.announce(trainer)

    def announce(self, trainer: pl.Trainer) -> None:
        """Emit the event, unless that was done already."""
        if self._announced:
            return
        self._announced = True
        self._emit(
            TrainingStart(
                run_id=self._run_id,
                experiment_name=self._experiment_name,
                max_epochs=trainer.max_epochs or 0,
                training_mode="centralized",
                resumed_from_epoch=self._resumed_from_epoch,
                total_steps=finite(trainer.estimated_stepping_batches),
                dataset=self._dataset,
                model=self._model,
            )
        )


def summarize(module: pl.LightningModule, name: str | None = None) -> ModelSummary:
    """Return the module's name (by default its class) and parameter counts."""
    counts = [(parameter.numel(), parameter.requires_grad) for parameter in module.parameters()]
    return ModelSummary(
        name=name or type(module).__name__,
        parameters=sum(size for size, _ in counts),
        trainable=sum(size for size, trainable in counts if trainable),
    )
