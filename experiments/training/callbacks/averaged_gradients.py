"""Keeps the gradients of all ranks averaged while other parts of a network begin or cease to learn."""

from __future__ import annotations

from typing import Any, cast

import pytorch_lightning as pl
from pytorch_lightning.callbacks import Callback
from pytorch_lightning.strategies import DDPStrategy


class AveragedGradients(Callback):
    """Wraps the network anew before an epoch in which other parameters learn than in the one before.

    The wrapper averages the gradients of those that learned when it was made: a layer freed later would get other
    weights in each rank, and nobody would notice.
    """

    def __init__(self) -> None:
        self._wrapped: set[str] = set()

    def on_train_start(self, _trainer: Any, pl_module: pl.LightningModule) -> None:
        self._wrapped = learning(pl_module)

    def on_train_batch_start(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, _batch: Any, batch_idx: int
    ) -> None:
        """Not when the epoch starts: whoever frees a layer does it then."""
        if batch_idx == 0 and learning(pl_module) != self._wrapped:
            self._wrapped = learning(pl_module)
            strategy = cast(DDPStrategy, trainer.strategy)
            strategy.model = pl_module
            strategy.configure_ddp()


def learning(module: pl.LightningModule) -> set[str]:
    """The names of the parameters that gradients are computed for."""
    return {name for name, parameter in module.named_parameters() if parameter.requires_grad}
