"""A small fully connected network, for tables and for comparison on images."""

from __future__ import annotations

import math
from collections.abc import Sequence

from torch import Tensor, nn

from experiments.training.contract.blueprint import Blueprint
from experiments.training.contract.networks.builtin_networks import SmallNetworkOptions


class MLP(nn.Module):
    """(N, *input_shape) -> (N, outputs), raw scores. Top-level groups: layer1, layer2, head.

    It uses layer normalisation, so that batches of one sample can be trained on.
    """

    def __init__(self, *, input_shape: Sequence[int], outputs: int, width: int, dropout: float) -> None:
        super().__init__()
        units = 4 * width
        self.layer1 = nn.Sequential(nn.Flatten(), *_layer(math.prod(input_shape), units, dropout))
        self.layer2 = _layer(units, units, dropout)
        self.head = nn.Linear(units, outputs)

    def forward(self, x: Tensor) -> Tensor:
        """Compute raw scores (N, outputs)."""
        scores: Tensor = self.head(self.layer2(self.layer1(x)))
        return scores


def _layer(inputs: int, units: int, dropout: float) -> nn.Sequential:
    return nn.Sequential(nn.Linear(inputs, units), nn.LayerNorm(units), nn.ReLU(inplace=True), nn.Dropout(dropout))


def build(plan: Blueprint[SmallNetworkOptions]) -> MLP:
    """Build the network for the catalogue."""
    asked = plan.options
    return MLP(input_shape=plan.input_shape, outputs=plan.outputs, width=asked.width, dropout=asked.dropout)
