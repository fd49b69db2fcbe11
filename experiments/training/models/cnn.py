"""A small convolutional network for images of 8 pixels and more, best from 28 to 64."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from experiments.training.contract.blueprint import Blueprint
from experiments.training.contract.networks.builtin_networks import SmallNetworkOptions

STRIDED_FROM = 96  # pixels; larger images are halved at once


class CNN(nn.Module):
    """(N, C, H, W) -> (N, outputs), raw scores. Top-level groups: stem, block1, block2, head.

    It uses group normalisation. With batch normalisation the scores, and predictions at a fixed threshold, jumped
    between epochs, since running statistics lag behind the weights; nor could batches of one sample be trained on.
    """

    def __init__(self, *, channels: int, size: int, outputs: int, width: int, dropout: float) -> None:
        super().__init__()
        self.stem = _block(channels, width, stride=2 if size >= STRIDED_FROM else 1)
        self.block1 = nn.Sequential(nn.MaxPool2d(2), *_block(width, 2 * width))
        self.block2 = nn.Sequential(nn.MaxPool2d(2), *_block(2 * width, 4 * width))
        self.head = nn.Sequential(
            GlobalPool(), nn.LayerNorm(8 * width), nn.Dropout(dropout), nn.Linear(8 * width, outputs)
        )

    def forward(self, x: Tensor) -> Tensor:
        """Compute raw scores (N, outputs)."""
        features: Tensor = self.block2(self.block1(self.stem(x)))
        scores: Tensor = self.head(features)
        return scores


class GlobalPool(nn.Module):
    """(N, C, H, W) -> (N, 2C): the mean and the maximum of each feature over the image."""

    def forward(self, x: Tensor) -> Tensor:
        """Concatenate mean and maximum over height and width."""
        return torch.cat((x.mean(dim=(2, 3)), x.amax(dim=(2, 3))), dim=1)


def _block(channels: int, width: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(channels, width, kernel_size=3, stride=stride, padding=1, bias=False),
        nn.GroupNorm(math.gcd(width, 8), width),
        nn.ReLU(inplace=True),
    )


def build(plan: Blueprint[SmallNetworkOptions]) -> CNN:
    """Build the network for the catalogue."""
    channels, size, _ = plan.input_shape
    asked = plan.options
    return CNN(channels=channels, size=size, outputs=plan.outputs, width=asked.width, dropout=asked.dropout)
