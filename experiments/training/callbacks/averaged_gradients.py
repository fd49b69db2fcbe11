"""Keep the gradients of all ranks averaged while parts of a network start or stop learning."""

from __future__ import annotations

from typing import Any, cast

import pytorch_lightning as pl
from pytorch_lightning.callbacks import Callback
from pytorch_lightning.strategies import DDPStrategy


class AveragedGradients(Callback):
    """Wraps the network again before an epoch in which other parameters learn than in the one before.

    The wrapper averages the gradients of the parameters that learned when it was made: a layer unfrozen later would
    silently get different weights in each rank.
    """

    def __init__(self) -> None:
        self._wrapped: set[str] = set()

    def on_train_start(self, _trainer: Any, pl_module: pl.LightningModule) -> None:
        """Remember the parameters that Lightning's wrapper covers."""
        self._wrapped = learning(pl_module)

    def on_train_batch_start(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, _batch: Any, batch_idx: int
    ) -> None:
        """Wrap again at the first batch, as layers may be unfrozen by any callback when the epoch starts."""
        if batch_idx == 0 and learning(pl_module) != self._wrapped:
            self._wrapped = learning(pl_module)
            strategy = cast(DDPStrategy, trainer.strategy)
            strategy.model = pl_module
            strategy.configure_ddp()


def learning(module: pl.LightningModule) -> set[str]:
    """Return the names of the parameters that gradients are computed for."""
    return {name for name, parameter in module.named_parameters() if parameter.requires_grad}
