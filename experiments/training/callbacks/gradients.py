"""Report how large the gradients are, per layer group."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import Callback
from torch.optim import Optimizer

from runs.events import Emit, GradientStats


class GradientMonitor(Callback):
    """Emits `gradient_stats` for every n-th optimizer step, the first included, before gradients are clipped.

    `step` counts the optimizer steps, this one included, as in `batch_metrics`. `groups` gives the layer of parameters
    whose names do not show it.
    """

    def __init__(self, *, every: int, emit: Emit, groups: Mapping[str, str] | None = None) -> None:
        self._every, self._emit, self._groups = every, emit, groups or {}

    def on_before_optimizer_step(
        self,
        trainer: pl.Trainer,
        pl_module: pl.LightningModule,
        _optimizer: Optimizer,
    ) -> None:
        """Emit the norms of this step's gradients if its turn has come."""
        if trainer.global_step % self._every:
            return
        gradients = {name: p.grad for name, p in pl_module.named_parameters() if p.grad is not None}
        if gradients:
            norms = dict(zip(gradients, _norms(list(gradients.values())), strict=True))
            names = [name for name, _ in pl_module.named_parameters()]  # frozen ones too, so that groups stay the same
            groups = {**layer_groups(names), **self._groups}
            self._emit(gradient_stats(norms, groups, step=trainer.global_step + 1, epoch=trainer.current_epoch))


def _norms(gradients: Sequence[torch.Tensor]) -> list[float]:
    """Compute each L2 norm, all in one fused call and one copy from the device; squares cannot overflow float64."""
    norms: list[float] = torch.stack(torch._foreach_norm(list(gradients), 2, dtype=torch.float64)).tolist()
    return norms


def gradient_stats(norms: Mapping[str, float], groups: Mapping[str, str], *, step: int, epoch: int) -> GradientStats:
    """Build the event from the L2 norm of each parameter's gradient and the layer of each parameter."""
    members: dict[str, list[float]] = {}
    for name, norm in norms.items():
        members.setdefault(groups[name], []).append(norm)
    layers = {group: _known(math.hypot(*parts)) for group, parts in members.items()}
    known = [norm for norm in layers.values() if norm is not None]
    return GradientStats(
        step=step,
        epoch=epoch,
        total_norm=_known(math.hypot(*norms.values())),
        layer_norms=layers,
        max_norm=max(known, default=None) if len(known) == len(layers) else None,
        min_norm=min(known, default=None) if len(known) == len(layers) else None,
        nonfinite=len(known) < len(layers),
    )


def layer_groups(names: Iterable[str]) -> dict[str, str]:
    """Map each parameter to its top-level layer.

    That is the first part of its name in which the parameters differ: wrappers around the whole network are not layers.
    """
    parts = {name: name.split(".") for name in names}
    depth = 0
    while all(len(path) > depth + 2 for path in parts.values()) and len({path[depth] for path in parts.values()}) == 1:
        depth += 1
    return {name: path[depth] for name, path in parts.items()}


def _known(norm: float) -> float | None:
    return norm if math.isfinite(norm) else None
