"""A small network with all that freezing must reach: batch normalisation, dropout, weights beside modules."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from experiments.training.contract.networks import network_catalogue
from experiments.training.models.spec import Blueprint, NetworkSpec, Options
from tests.experiments.training.trainings import SmallData

SPEC = NetworkSpec(
    name="batch-normed",
    title="Batch-normed",
    description="For tests.",
    factory=f"{__name__}:build",
    blocks={"stem": ("stem", "scale"), "body": ("body",), "top": ("top",), "head": ("head",)},
)
BLOCKS = tuple(SPEC.blocks)


class SmallImages(SmallData):
    """Small random data as grey images of 8 by 8 pixels."""

    def __init__(self) -> None:
        super().__init__()
        noise = torch.randn((100, 1, 8, 8), generator=torch.Generator().manual_seed(0))
        self.x = noise + 0.3 * self.y.view(-1, 1, 1, 1)
        self.input_shape = (1, 8, 8)


class BatchNormed(nn.Module):
    """(N, C, H, W) -> (N, outputs)."""

    def __init__(self, channels: int, outputs: int) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(1))
        self.stem = self._part(channels)
        self.body = self._part(4)
        self.top = self._part(4)
        self.head = nn.Linear(4, outputs)

    @staticmethod
    def _part(channels: int) -> nn.Sequential:
        return nn.Sequential(
            nn.Conv2d(channels, 4, kernel_size=3, padding=1), nn.BatchNorm2d(4), nn.ReLU(), nn.Dropout(0.2)
        )

    def forward(self, x: Tensor) -> Tensor:
        scores: Tensor = self.head(self.top(self.body(self.stem(x) * self.scale)).mean(dim=(2, 3)))
        return scores


def build(plan: Blueprint[Options]) -> nn.Module:
    """Build the network for SPEC, which names this factory."""
    return BatchNormed(plan.input_shape[0], plan.outputs)


@pytest.fixture
def batch_normed(monkeypatch: pytest.MonkeyPatch) -> NetworkSpec:
    """Register the network for the length of a test."""
    monkeypatch.setattr(network_catalogue, "_added", {SPEC.name: SPEC})
    return SPEC
