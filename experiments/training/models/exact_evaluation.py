"""How the weights of a checkpoint are evaluated, after a training and whenever they are used later."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import torch
from pytorch_lightning import LightningModule

from experiments.training import ranks
from experiments.training.models.classifier import Classifier
from experiments.training.models.cnn import CNN

PRECISION: Literal["32-true"] = "32-true"
"""Lightning's name of the precision of every evaluation, whatever the training has: scores of fewer digits tie."""


def restore(module: LightningModule, checkpoint: Path) -> None:
    """Load the checkpoint's weights into the module, reading tensors and plain values only, never code.

    Rank 0 alone reads the file, which other machines need not have. All ranks must call it.
    """
    state = ranks.decided(lambda: _without_optimizer(torch.load(checkpoint, map_location="cpu", weights_only=True)))
    module.on_load_checkpoint(state)
    module.load_state_dict(state["state_dict"])


def _without_optimizer(state: dict[str, Any]) -> dict[str, Any]:
    """Drop the optimizer's state, which is twice as large as the weights and not needed for evaluation."""
    return {name: part for name, part in state.items() if name != "optimizer_states"}


@contextmanager
def without_tf32() -> Iterator[None]:
    """Keep GPUs from rounding the factors of 32-bit products to 10 binary digits, as their convolutions else do."""
    convolutions, products = torch.backends.cudnn.allow_tf32, torch.get_float32_matmul_precision()
    torch.backends.cudnn.allow_tf32 = False
    torch.set_float32_matmul_precision("highest")
    try:
        yield
    finally:
        torch.backends.cudnn.allow_tf32 = convolutions
        torch.set_float32_matmul_precision(products)


def arrange_for_cpu(module: LightningModule) -> None:
    """Keep the weights of the default network for images with the channels last, as convolutions on CPUs like them.

    GPUs would copy them for each normalisation.
    """
    if isinstance(module, Classifier) and isinstance(module.network, CNN):
        module.network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
