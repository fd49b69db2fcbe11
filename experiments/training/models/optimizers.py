"""Optimizer and learning rate schedule from the configuration."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import TypeAlias

from pytorch_lightning.utilities.types import OptimizerLRScheduler
from torch.nn import Parameter
from torch.optim import SGD, Adam, AdamW, Optimizer
from torch.optim.lr_scheduler import CosineAnnealingLR, LRScheduler, StepLR

from experiments.training.config import OptimizerConfig, TrainingConfig

OptimizerFactory: TypeAlias = Callable[[Iterable[Parameter]], OptimizerLRScheduler]


def factory(config: TrainingConfig) -> OptimizerFactory:
    """Makes what `configure_optimizers` returns; schedules change the rate once per epoch."""
    return partial(_configured, config)


def _configured(config: TrainingConfig, parameters: Iterable[Parameter]) -> OptimizerLRScheduler:
    # Fused kernels do a step in one call, but refuse the gradient scaling of half precision.
    optimizer = _optimizer(config.optimizer, parameters, fused=config.trainer.precision == "32-true")
    scheduler = _scheduler(config, optimizer)
    if scheduler is None:
        return optimizer
    return {"optimizer": optimizer, "lr_scheduler": {"scheduler": scheduler, "interval": "epoch"}}


def _optimizer(config: OptimizerConfig, parameters: Iterable[Parameter], *, fused: bool) -> Optimizer:
    rate, decay = config.learning_rate, config.weight_decay
    if config.name == "sgd":
        return SGD(parameters, lr=rate, weight_decay=decay, momentum=config.momentum, fused=fused)
    adam = AdamW if config.name == "adamw" else Adam
    return adam(parameters, lr=rate, weight_decay=decay, fused=fused)


def _scheduler(config: TrainingConfig, optimizer: Optimizer) -> LRScheduler | None:
    settings = config.optimizer
    if settings.scheduler == "cosine":
        return CosineAnnealingLR(optimizer, T_max=config.trainer.max_epochs)
    if settings.scheduler == "step":
        return StepLR(optimizer, step_size=settings.step_size, gamma=settings.gamma)
    return None
