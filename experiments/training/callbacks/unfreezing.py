"""Unfreeze more of a network as the epochs go by."""

from __future__ import annotations

from typing import Any

import pytorch_lightning as pl
from pytorch_lightning.callbacks import Callback

from experiments.training.models.fine_tuning import FineTuning
from runs.wording.epoch_number import epoch_number


class Unfreezing(Callback):
    """Unfreezes the blocks that start to learn in an epoch, and writes so to the log."""

    def __init__(self, tuning: FineTuning) -> None:
        self._tuning = tuning

    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule, *_: Any) -> None:
        """Unfreeze this epoch's blocks and log them."""
        freed = self._tuning.enter(trainer.current_epoch)
        if freed:
            learning = sum(p.numel() for p in pl_module.parameters() if p.requires_grad)
            still = ", ".join(self._tuning.frozen) or "nothing"
            print(  # noqa: T201  (the log)
                f"Epoch {epoch_number(trainer.current_epoch)}: from now on {', '.join(freed)} learns, "
                f"{learning:,} weights in all; frozen: {still}",
                flush=True,
            )
