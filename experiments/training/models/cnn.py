"""A small convolutional network for images of 8 to 256 pixels, best from 28 to 64."""

from __future__ import annotations

from torch import Tensor, nn

STRIDED_FROM = 96  # pixels; larger images are halved at once


class CNN(nn.Module):
    """(N, C, H, W) -> (N, outputs), raw scores. Top-level groups: stem, block1, block2, head."""

    def __init__(self, *, channels: int, size: int, outputs: int, width: int, dropout: float) -> None:
        super().__init__()
        self.stem = _block(channels, width, stride=2 if size >= STRIDED_FROM else 1)
        self.block1 = _down(width, 2 * width)
        self.block2 = _down(2 * width, 4 * width)
        self.head = nn.Sequential(
            nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(dropout), nn.Linear(4 * width, outputs)
        )

    def forward(self, x: Tensor) -> Tensor:
        features: Tensor = self.block2(self.block1(self.stem(x)))
        scores: Tensor = self.head(features)
        return scores


def _down(channels: int, width: int) -> nn.Sequential:
    return nn.Sequential(nn.MaxPool2d(2), *_block(channels, width))


def _block(channels: int, width: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(channels, width, kernel_size=3, stride=stride, padding=1, bias=False),
        nn.BatchNorm2d(width),
        nn.ReLU(inplace=True),
    )
