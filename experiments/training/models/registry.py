"""From a configuration to a LightningModule."""

from __future__ import annotations

from collections.abc import Sequence

from pytorch_lightning import LightningModule
from torch import nn

from experiments.training.config import ModelConfig, TrainingConfig
from experiments.training.models import losses, optimizers
from experiments.training.models.classifier import Classifier
from experiments.training.models.cnn import CNN
from experiments.training.models.mlp import MLP


def build(
    config: TrainingConfig, *, input_shape: tuple[int, ...], num_classes: int, counts: Sequence[int] | None = None
) -> LightningModule:
    """A new module, its weights drawn from torch's global generator: seed it first.

    `counts` are the training split's samples per class, for losses that weigh classes by them.
    """
    outputs = 1 if num_classes == 2 else num_classes
    return Classifier(
        _network(config.model, input_shape, outputs),
        losses.build(config, counts=counts, num_classes=num_classes),
        optimizers.factory(config),
        num_classes=num_classes,
        mixup_alpha=config.augmentation.mixup_alpha,
    )


def resolved_name(config: ModelConfig, input_shape: tuple[int, ...]) -> str:
    """The network's name, `auto` resolved by the shape of the data."""
    if config.name != "auto":
        return config.name
    return "cnn" if len(input_shape) == 3 else "mlp"


def _network(config: ModelConfig, input_shape: tuple[int, ...], outputs: int) -> nn.Module:
    if resolved_name(config, input_shape) == "cnn":
        channels, size, _ = input_shape
        return CNN(channels=channels, size=size, outputs=outputs, width=config.width, dropout=config.dropout)
    return MLP(input_shape=input_shape, outputs=outputs, width=config.width, dropout=config.dropout)
