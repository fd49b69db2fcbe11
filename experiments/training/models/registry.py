"""Build a LightningModule from a configuration."""

from __future__ import annotations

import importlib
from collections.abc import Sequence

from pytorch_lightning import LightningModule
from torch import nn

from experiments.training.contract.blueprint import Blueprint
from experiments.training.contract.config import ModelConfig, TrainingConfig
from experiments.training.contract.networks import network_catalogue
from experiments.training.contract.networks.model_errors import ModelError
from experiments.training.contract.networks.network_spec import NetworkSpec, Options
from experiments.training.models import losses, optimizers
from experiments.training.models.blocks import split
from experiments.training.models.classifier import Classifier
from experiments.training.models.fine_tuning import FineTuning


def build(
    config: TrainingConfig, *, input_shape: tuple[int, ...], num_classes: int, counts: Sequence[int] | None = None
) -> LightningModule:
    """Build a new module, its weights drawn from torch's global generator, which must be seeded first.

    `counts` are the training split's samples per class, for losses that weigh classes by them. Raises ModelError.
    """
    spec = resolved(config.model, input_shape)
    plan = Blueprint(
        options=spec.options.model_validate(config.model.options),
        input_shape=input_shape,
        num_classes=num_classes,
        counts=counts,
        config=config,
    )
    made = _made(spec, plan)
    if isinstance(made, LightningModule):
        return made
    return Classifier(
        made,
        losses.build(config, counts=counts, num_classes=num_classes),
        optimizers.factory(config),
        FineTuning(split(made, spec.blocks), config),
        num_classes=num_classes,
        mixup_alpha=config.augmentation.mixup_alpha,
    )


def resolved(config: ModelConfig, input_shape: tuple[int, ...]) -> NetworkSpec:
    """Return the configured network, `auto` resolved by the shape of the data."""
    return network_catalogue.resolve(config.name, table=len(input_shape) != 3)


def resolved_name(config: ModelConfig, input_shape: tuple[int, ...]) -> str:
    """Return the configured network's name, `auto` resolved by the shape of the data."""
    return resolved(config, input_shape).name


def _made(spec: NetworkSpec, plan: Blueprint[Options]) -> nn.Module:
    """Call the factory and require the kind of module that the spec announces; raises ModelError."""
    module, _, function = spec.factory.partition(":")
    made = getattr(importlib.import_module(module), function)(plan)
    wanted = LightningModule if spec.builds == "module" else nn.Module
    if not isinstance(made, wanted) or isinstance(made, LightningModule) != (spec.builds == "module"):
        raise ModelError(
            f"{spec.factory} gave a {type(made).__name__}, but {spec.name} is to build a "
            f'{wanted.__name__}; correct the factory, or `builds="{spec.builds}"` of its NetworkSpec.'
        )
    return made
