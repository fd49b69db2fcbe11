"""What a training of one process does otherwise on the CPU than on other devices, so that it takes less time there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from pytorch_lightning.strategies import SingleDeviceStrategy

from experiments.training.contract.trainer_config import TrainerConfig
from experiments.training.models import exact_evaluation
from experiments.training.models.classifier import Classifier


class OnCPU(SingleDeviceStrategy):
    """Lightning's strategy for one device, with two shortcuts for our own modules.

    It leaves out the search for tensors to move, as batches are in place already: a tenth of a small network's step.
    And it keeps the weights of the default network for images with the channels last in memory, which convolutions on
    CPUs compute faster; GPUs would copy them for each normalisation.
    """

    def __init__(self) -> None:
        super().__init__("cpu")

    def model_to_device(self) -> None:
        """Arrange the weights of the default network for images."""
        super().model_to_device()
        if self.lightning_module is not None:
            exact_evaluation.arrange_for_cpu(self.lightning_module)

    def load_optimizer_state_dict(self, checkpoint: Mapping[str, Any]) -> None:
        """Load the state and arrange it as the weights are: fused optimizers take that for granted."""
        super().load_optimizer_state_dict(checkpoint)
        for optimizer in self.optimizers:
            for parameter, state in optimizer.state.items():
                state |= {name: like(parameter, value) for name, value in state.items()}

    def batch_to_device(self, batch: Any, device: torch.device | None = None, dataloader_idx: int = 0) -> Any:
        """Return the batch as it is; modules other than ours may have hooks of their own for it."""
        if isinstance(self.lightning_module, Classifier):
            return batch
        return super().batch_to_device(batch, device, dataloader_idx)


def like(parameter: torch.Tensor, value: Any) -> Any:
    """Return a value of an optimizer's state, arranged in memory as the parameter is if it has its shape."""
    if not torch.is_tensor(value) or value.shape != parameter.shape or value.stride() == parameter.stride():
        return value
    return torch.empty_like(parameter, dtype=value.dtype, requires_grad=False).copy_(value)


def applies(asked: TrainerConfig) -> bool:
    """Return whether a training of one process computes on the CPU: where it is asked for, or there is nothing else."""
    return asked.accelerator == "cpu" or (asked.accelerator == "auto" and not torch.accelerator.is_available())
