"""Builds the slow network in the training process; imports torch."""

from __future__ import annotations

import time

from torch import Tensor, nn

from experiments.training.contract.blueprint import Blueprint
from experiments.training.contract.networks.network_spec import Options
from experiments.training.models.mlp import MLP

SECONDS = 0.03


class Slow(nn.Module):
    """Pauses while it is trained, and is an MLP otherwise."""

    def __init__(self, plan: Blueprint[Options]) -> None:
        super().__init__()
        self.mlp = MLP(input_shape=plan.input_shape, outputs=plan.outputs, width=16, dropout=0.0)

    def forward(self, x: Tensor) -> Tensor:
        if self.training:
            time.sleep(SECONDS)
        scores: Tensor = self.mlp(x)
        return scores


def build(plan: Blueprint[Options]) -> Slow:
    return Slow(plan)
