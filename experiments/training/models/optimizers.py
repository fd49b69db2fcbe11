"""Optimizers from the configuration, with their schedules."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TypeAlias

from pytorch_lightning.utilities.types import OptimizerLRScheduler
from torch.optim import SGD, Adam, AdamW, Optimizer

from experiments.training.contract.config import OptimizerConfig, TrainingConfig
from experiments.training.models import schedules
from experiments.training.models.fine_tuning import ParameterGroups
from experiments.training.models.schedules import Length

OptimizerFactory: TypeAlias = Callable[[Callable[[float], ParameterGroups], Callable[[], Length]], OptimizerLRScheduler]


def factory(config: TrainingConfig) -> OptimizerFactory:
    """Bind the configuration to a function for `configure_optimizers`.

    It takes a function from learning rate to parameter groups, and one that gives the training's length.
    """
    return partial(_configured, config)


def _configured(
    config: TrainingConfig, groups: Callable[[float], ParameterGroups], length: Callable[[], Length]
) -> OptimizerLRScheduler:
    # Fused kernels do a step in one call, but refuse the gradient scaling of half precision, and parameters that
    # begin to learn when others have momentum already.
    fused = config.trainer.precision == "32-true" and config.model.unfreeze_every is None
    optimizer = _optimizer(config.optimizer, groups(config.optimizer.learning_rate), fused=fused)
    schedule = schedules.build(config, optimizer, length)
    if schedule is None:
        return optimizer
    return {"optimizer": optimizer, "lr_scheduler": schedule}  # type: ignore[return-value]


def _optimizer(config: OptimizerConfig, parameters: ParameterGroups, *, fused: bool) -> Optimizer:
    rate, decay = config.learning_rate, config.weight_decay
    if config.name == "sgd":
        return SGD(parameters, lr=rate, weight_decay=decay, momentum=config.momentum, fused=fused)
    adam = AdamW if config.name == "adamw" else Adam
    return adam(parameters, lr=rate, weight_decay=decay, fused=fused)
