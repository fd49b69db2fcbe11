"""Average the weights over the training."""

from __future__ import annotations

from pytorch_lightning import LightningModule, Trainer
from pytorch_lightning.callbacks import EMAWeightAveraging


class RunAveraging(EMAWeightAveraging):
    """Lightning's exponential moving average, after each optimizer step: `decay * average + (1 - decay) * weights`.

    Validation sees the average, and so do early stopping and the choice of the best epoch. A checkpoint's
    `state_dict` is the average, which is what is evaluated; `current_model_state` is what a resume trains on.
    """

    def __init__(self, decay: float) -> None:
        super().__init__(decay=decay)

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Use the training's device; Lightning takes the module's, the CPU until the training starts."""
        self._device = trainer.strategy.root_device
        super().setup(trainer, pl_module, stage)
