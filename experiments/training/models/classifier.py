"""The one LightningModule of our own networks: steps, loss, optimizer. It logs nothing; callbacks watch it."""

from __future__ import annotations

from typing import TypeAlias, TypedDict

import torch
from pytorch_lightning import LightningModule
from pytorch_lightning.utilities.types import OptimizerLRScheduler
from torch import Tensor, nn
from torch.nn import functional

from experiments.training.models.optimizers import OptimizerFactory

Batch: TypeAlias = tuple[Tensor, Tensor, Tensor]


class StepOutput(TypedDict):
    """What every step returns: scores before sigmoid or softmax, (B,) for two classes, (B, C) for more."""

    loss: Tensor
    logits: Tensor
    target: Tensor


class Classifier(LightningModule):
    """`network` gives one score per sample for two classes, else one per class.

    `pos_weight` multiplies the loss of positives; two classes only.
    """

    pos_weight: Tensor

    def __init__(
        self, network: nn.Module, optimizers: OptimizerFactory, *, num_classes: int, pos_weight: float | None = None
    ) -> None:
        super().__init__()
        self.network = network
        self._optimizers_from = optimizers
        self._binary = num_classes == 2
        # Part of the configuration, not of the learned state: checkpoints hold the network alone.
        self.register_buffer("pos_weight", torch.tensor(1.0 if pos_weight is None else pos_weight), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        scores: Tensor = self.network(x)
        return scores.squeeze(-1) if self._binary else scores

    def training_step(self, batch: Batch, batch_idx: int) -> StepOutput:  # noqa: ARG002
        return self._step(batch)

    def validation_step(self, batch: Batch, batch_idx: int) -> StepOutput:  # noqa: ARG002
        return self._step(batch)

    def test_step(self, batch: Batch, batch_idx: int) -> StepOutput:  # noqa: ARG002
        return self._step(batch)

    def configure_optimizers(self) -> OptimizerLRScheduler:
        return self._optimizers_from(self.parameters())

    def loss(self, logits: Tensor, target: Tensor) -> Tensor:
        """The mean over the batch of binary cross-entropy (positives weighted) or of cross-entropy."""
        if self._binary:
            return functional.binary_cross_entropy_with_logits(
                logits, target.to(logits.dtype), pos_weight=self.pos_weight
            )
        return functional.cross_entropy(logits, target)

    def _step(self, batch: Batch) -> StepOutput:
        x, target, _ = batch
        logits = self(x).float()  # half precision ends here: losses and ranks of scores need more digits
        return {"loss": self.loss(logits, target), "logits": logits, "target": target}
