"""Collect what the steps of one epoch return, without waiting for the device, and read it once at the end."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from experiments.training import ranks
from runs.statistics.matrix_statistics import Number
from runs.statistics.predictions import scores_from_logits
from runs.statistics.roc import Floats, Ints


class Steps:
    """The outputs `{"loss", "logits", "target"}` of the steps since the last `clear`.

    `logits` are (B,) of a binary or (B, C) of a multi-class module, `target` (B,) labels, `loss` the batch's mean.
    """

    def __init__(self) -> None:
        self._losses: list[torch.Tensor] = []
        self._logits: list[torch.Tensor] = []
        self._targets: list[torch.Tensor] = []

    def add(self, outputs: Mapping[str, Any]) -> None:
        """Keep a step's outputs: a few list operations, no copy, no synchronisation with the device."""
        self._losses.append(outputs["loss"].detach())
        self._logits.append(outputs["logits"].detach())
        self._targets.append(outputs["target"].detach())

    def of_all_ranks(self) -> Steps:
        """Collect the steps of every rank on rank 0, in rank order; others keep their own. All ranks must call it."""
        if ranks.place().ranks == 1:
            return self
        collected = Steps()
        for losses, sizes, logits, targets in ranks.gathered(self._packed()):
            collected._losses += losses.unbind()
            collected._logits += torch.split(logits, sizes)
            collected._targets += torch.split(targets, sizes)
        return collected

    def clear(self) -> None:
        """Forget everything."""
        self._losses.clear()
        self._logits.clear()
        self._targets.clear()

    def losses(self) -> Floats:
        """Return the batches' losses, (steps,)."""
        return _array(torch.stack(self._losses)) if self._losses else np.empty(0)

    def logits(self) -> Floats:
        """Return the logits, (N,) or (N, C), as float64."""
        return _array(torch.cat(self._logits)) if self._logits else np.empty(0)

    def scores(self) -> Floats:
        """Return probabilities, (N,) or (N, C): float64 sigmoid or softmax of the logits."""
        return scores_from_logits(self.logits())

    def targets(self) -> Ints:
        """Return the labels, (N,)."""
        if not self._targets:
            return np.empty(0, dtype=np.int64)
        return torch.cat(self._targets).cpu().numpy().astype(np.int64, copy=False)

    def mean_loss(self, scale: float = 1.0) -> Number:
        """Compute the mean over samples (batches weighted by their size), times `scale`; None if not finite."""
        sizes = np.array([len(target) for target in self._targets])
        total = float((self.losses() * sizes).sum()) * scale if len(sizes) else math.nan
        return total / float(sizes.sum()) if math.isfinite(total) else None

    def _packed(self) -> tuple[torch.Tensor, list[int], torch.Tensor, torch.Tensor]:
        """Concatenate losses, sizes, logits and targets of all batches on the CPU: a few tensors instead of many."""
        sizes = [len(target) for target in self._targets]
        return torch.stack(self._losses).cpu(), sizes, torch.cat(self._logits).cpu(), torch.cat(self._targets).cpu()

    def diverged(self) -> bool:
        """Return whether there were losses, and not one of them was finite."""
        losses = self.losses()
        return bool(len(losses)) and not np.isfinite(losses).any()


def _array(tensor: torch.Tensor) -> Floats:
    return np.asarray(tensor.double().cpu().numpy(), dtype=np.float64)
