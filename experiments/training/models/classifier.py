"""The LightningModule of the built-in networks: steps, loss, optimizer. It logs nothing; callbacks do."""

from __future__ import annotations

import math
from typing import Any, Self, TypeAlias, TypedDict

from pytorch_lightning import LightningModule
from pytorch_lightning.utilities.types import OptimizerLRScheduler
from torch import Tensor, nn
from torch.optim import Optimizer

from experiments.training.models.fine_tuning import FineTuning
from experiments.training.models.mixup import mix
from experiments.training.models.optimizers import OptimizerFactory
from experiments.training.models.schedules import Length

Batch: TypeAlias = tuple[Tensor, Tensor, Tensor]


class StepOutput(TypedDict):
    """The result of every step: scores before sigmoid or softmax, (B,) for two classes, (B, C) for more."""

    loss: Tensor
    logits: Tensor
    target: Tensor


class Classifier(LightningModule):
    """A network with its loss and optimizer.

    `network` gives one score per sample for two classes, otherwise one per class; `loss` takes scores and labels.
    `fine_tuning` says which of the network's blocks learn. With `mixup_alpha`, training steps return the scores of the
    blends, and the labels of their larger shares.
    """

    def __init__(
        self,
        network: nn.Module,
        loss: nn.Module,
        optimizers: OptimizerFactory,
        fine_tuning: FineTuning,
        *,
        num_classes: int,
        mixup_alpha: float = 0.0,
    ) -> None:
        super().__init__()
        self.network = network
        self.loss = loss
        self.fine_tuning = fine_tuning
        self._optimizers_from = optimizers
        self._binary = num_classes == 2
        self._mixup_alpha = mixup_alpha

    def __setattr__(self, name: str, value: Any) -> None:
        """Set an attribute as in any module, but without torch's search for parameters where Lightning notes a hook.

        It does so about forty times per batch.
        """
        if name == "_current_fx_name":
            self.__dict__[name] = value
        else:
            super().__setattr__(name, value)

    def forward(self, x: Tensor) -> Tensor:
        """Compute scores: (B,) for two classes, (B, C) for more."""
        scores: Tensor = self.network(x)
        return scores.squeeze(-1) if self._binary else scores

    def train(self, mode: bool = True) -> Self:
        """Set training or evaluation mode as in any module, but keep frozen blocks in evaluation mode."""
        super().train(mode)
        self.fine_tuning.refreeze()
        return self

    def training_step(self, batch: Batch, batch_idx: int) -> StepOutput:  # noqa: ARG002
        """Compute loss and scores of a training batch, blended if mix-up is on."""
        return self._mixed_step(batch) if self._mixup_alpha else self._step(batch)

    def validation_step(self, batch: Batch, batch_idx: int) -> StepOutput:  # noqa: ARG002
        """Compute loss and scores of a validation batch."""
        return self._step(batch)

    def test_step(self, batch: Batch, batch_idx: int) -> StepOutput:  # noqa: ARG002
        """Compute loss and scores of a test batch."""
        return self._step(batch)

    def configure_optimizers(self) -> OptimizerLRScheduler:
        """Make the configured optimizer and schedule."""
        return self._optimizers_from(self.fine_tuning.groups, self._length)

    def optimizer_zero_grad(self, epoch: int, batch_idx: int, optimizer: Optimizer) -> None:  # noqa: ARG002
        """Drop the gradients, as the optimizer's own `zero_grad` does, without its profiling and tracing."""
        for group in optimizer.param_groups:
            for parameter in group["params"]:
                parameter.grad = None

    def _length(self) -> Length:
        # The trainer's own estimate would make the first epoch's iterator before a resumed run knows its epoch.
        batches = len(self.trainer.datamodule.train_dataloader())  # type: ignore[attr-defined]
        steps = math.ceil(batches / self.trainer.accumulate_grad_batches)
        return Length(steps * (self.trainer.max_epochs or 1), batches)

    def _step(self, batch: Batch) -> StepOutput:
        x, target, _ = batch
        logits = self._scores(x)
        return {"loss": self.loss(logits, target), "logits": logits, "target": target}

    def _mixed_step(self, batch: Batch) -> StepOutput:
        x, target, _ = batch
        mixed = mix(x, self._mixup_alpha)
        logits = self._scores(mixed.x)
        own, others = self.loss(logits, target), self.loss(logits, target[mixed.other])
        loss = mixed.share * own + (1 - mixed.share) * others
        return {"loss": loss, "logits": logits, "target": target}

    def _scores(self, x: Tensor) -> Tensor:
        scores: Tensor = self(x)
        return scores.float()  # half precision ends here: losses and ranks of scores need more digits
