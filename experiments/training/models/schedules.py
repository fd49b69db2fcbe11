"""Learning rate schedules from the configuration."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from torch.optim import Optimizer
from torch.optim.lr_scheduler import (
    CosineAnnealingLR,
    CosineAnnealingWarmRestarts,
    LinearLR,
    LRScheduler,
    OneCycleLR,
    ReduceLROnPlateau,
    SequentialLR,
    StepLR,
)

from experiments.training.contract.config import OptimizerConfig, TrainingConfig


class Length(NamedTuple):
    """The length of a training: all its optimizer steps, and the batches of one epoch."""

    steps: int
    batches: int


def build(config: TrainingConfig, optimizer: Optimizer, length: Callable[[], Length]) -> dict[str, Any] | None:
    """Build what Lightning's `lr_scheduler` takes, or None for a constant rate.

    `length` is called only where the schedule depends on it.
    """
    asked = config.optimizer
    if asked.scheduler == "one_cycle":
        return {"scheduler": _one_cycle(config, optimizer, length().steps), "interval": "step"}
    if asked.scheduler == "plateau":
        # Lightning steps it per epoch only after the epoch's checkpoint was written, and a resumed run would have
        # missed that; every n-th "step", n being the batches of an epoch, is after validation and before it.
        return {
            "scheduler": Plateau(config, optimizer),
            "interval": "step",
            "frequency": length().batches,
            "monitor": config.callbacks.monitor,
        }
    scheduler = _warmed_up(asked, optimizer, _epochwise(config, optimizer))
    return None if scheduler is None else {"scheduler": scheduler, "interval": "epoch"}


class Plateau(ReduceLROnPlateau):
    """Torch's schedule on the monitored value, after `warmup_epochs` epochs of a rate that rises in equal steps."""

    def __init__(self, config: TrainingConfig, optimizer: Optimizer) -> None:
        asked = config.optimizer
        super().__init__(
            optimizer,
            mode="min" if config.callbacks.mode == "min" else "max",
            factor=asked.gamma,
            patience=asked.plateau_patience,
            threshold=0.0,
        )
        self._full = [float(group["lr"]) for group in optimizer.param_groups]
        self._warmup, self._epochs = asked.warmup_epochs, 0
        self._warm_up()

    def step(self, metrics: Any, epoch: int | None = None) -> None:  # type: ignore[override]
        """Take the monitored value of one more epoch; an unknown one (NaN) is not an improvement."""
        self._epochs += 1
        if self._epochs <= self._warmup:
            self._warm_up()
        else:
            super().step(metrics, epoch)

    def _warm_up(self) -> None:
        share = min(1.0, (self._epochs + 1) / (self._warmup + 1))
        for group, rate in zip(self.optimizer.param_groups, self._full, strict=True):
            group["lr"] = rate * share


def _one_cycle(config: TrainingConfig, optimizer: Optimizer, steps: int) -> LRScheduler:
    """Raise the rate to the configured one and lower it to nearly zero, in half cosines, with constant momentum."""
    rise = config.optimizer.warmup_epochs / config.trainer.max_epochs or 0.3
    return OneCycleLR(
        optimizer,
        max_lr=[float(group["lr"]) for group in optimizer.param_groups],
        total_steps=max(steps, 2),
        pct_start=rise,
        cycle_momentum=False,
    )


def _epochwise(config: TrainingConfig, optimizer: Optimizer) -> LRScheduler | None:
    asked = config.optimizer
    if asked.scheduler == "cosine":
        return CosineAnnealingLR(optimizer, T_max=config.trainer.max_epochs - asked.warmup_epochs)
    if asked.scheduler == "cosine_restarts":
        return CosineAnnealingWarmRestarts(optimizer, T_0=asked.restart_epochs, T_mult=asked.restart_factor)
    if asked.scheduler == "step":
        return StepLR(optimizer, step_size=asked.step_size, gamma=asked.gamma)
    return None


def _warmed_up(asked: OptimizerConfig, optimizer: Optimizer, scheduler: LRScheduler | None) -> LRScheduler | None:
    """Prepend a rate that rises in `warmup_epochs` equal steps; the schedule then starts from its beginning."""
    epochs = asked.warmup_epochs
    if not epochs:
        return scheduler
    warmup = LinearLR(optimizer, start_factor=1 / (epochs + 1), total_iters=epochs)
    return warmup if scheduler is None else SequentialLR(optimizer, [warmup, scheduler], milestones=[epochs])
