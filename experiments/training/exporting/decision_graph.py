"""From a network's outputs to scores, probabilities and labels, in the arithmetic of the server, as part of a graph."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class BinaryDecision(nn.Module):
    """From logits (N,) of the positive class to `logit`, `score`, `probability` and `label`, each (N,).

    A sample is positive, label 1, from the logit `lowest` on. There is a `probability` only with `recalibration`, the
    slope and intercept of Platt's method. Scores are in double precision, in which those near 0 and 1 stay apart.
    """

    def __init__(self, lowest: float, recalibration: tuple[float, float] | None) -> None:
        super().__init__()
        self._recalibrates = recalibration is not None
        slope, intercept = recalibration or (1.0, 0.0)
        self.lowest: Tensor
        self.slope: Tensor
        self.intercept: Tensor
        self.register_buffer("lowest", torch.tensor(lowest, dtype=torch.float32))
        self.register_buffer("slope", torch.tensor(slope, dtype=torch.float64))
        self.register_buffer("intercept", torch.tensor(intercept, dtype=torch.float64))

    @property
    def outputs(self) -> list[str]:
        """The names of what `forward` returns."""
        return ["logit", "score", *(["probability"] if self._recalibrates else []), "label"]

    def forward(self, logit: Tensor) -> tuple[Tensor, ...]:
        """Return the outputs; logits are float32, labels int64, all else float64."""
        exact = logit.double()
        label = (logit >= self.lowest).long()
        if self._recalibrates:
            return logit, _sigmoid(exact), _sigmoid(self.intercept + self.slope * exact), label
        return logit, _sigmoid(exact), label


class HighestScore(nn.Module):
    """From logits (N, C) to `logits` and `scores` (N, C), and `label` (N,): that of the first highest score."""

    outputs = ("logits", "scores", "label")

    def forward(self, logits: Tensor) -> tuple[Tensor, ...]:
        """Return the outputs; logits are float32, scores float64, labels int64."""
        exact = logits.double()
        shifted = torch.exp(exact - exact.amax(dim=1, keepdim=True))
        scores = shifted / shifted.sum(dim=1, keepdim=True)
        return logits, scores, scores.argmax(dim=1)


def _sigmoid(logits: Tensor) -> Tensor:
    """Apply 1 / (1 + exp(-logit)) as `runs.statistics.sigmoid` does, without overflow."""
    small = torch.exp(-torch.abs(logits))
    return torch.where(logits >= 0, 1.0, small) / (1.0 + small)
