"""How a training of one process on the CPU hands its batches to the network."""

from __future__ import annotations

from typing import Any

import torch
from pytorch_lightning.strategies import SingleDeviceStrategy

from experiments.training.contract.trainer_config import TrainerConfig
from experiments.training.models.classifier import Classifier


class OnCPU(SingleDeviceStrategy):
    """Lightning's strategy for one device, without its search for tensors to move: batches are in place already.

    The search costs a tenth of a small network's step. Modules other than ours may have hooks of their own for it.
    """

    def __init__(self) -> None:
        super().__init__("cpu")

    def batch_to_device(self, batch: Any, device: torch.device | None = None, dataloader_idx: int = 0) -> Any:
        """Return the batch as it is."""
        if isinstance(self.lightning_module, Classifier):
            return batch
        return super().batch_to_device(batch, device, dataloader_idx)


def applies(asked: TrainerConfig) -> bool:
    """Return whether a training of one process computes on the CPU: where it is asked for, or there is nothing else."""
    return asked.accelerator == "cpu" or (asked.accelerator == "auto" and not torch.accelerator.is_available())
