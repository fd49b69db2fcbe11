"""Networks and images of which it is known where the score comes from."""

from __future__ import annotations

from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from experiments.training.explanation.image_maps import Differentiable

SIDE, SQUARE = 24, 6


class SquareFinder(nn.Module):
    """Scores bright squares: brightness over half, averaged over squares, weighed by a head. Nothing is learnt."""

    def __init__(self) -> None:
        super().__init__()
        brightness = nn.Conv2d(1, 2, 1)
        self.features = nn.Sequential(brightness, nn.ReLU(inplace=True), nn.AvgPool2d(3))
        self.head = nn.Linear(2, 1)
        with torch.no_grad():
            brightness.weight.copy_(torch.tensor([1.0, -1.0]).reshape(2, 1, 1, 1))
            brightness.get_parameter("bias").fill_(-0.5)
            self.head.weight.copy_(torch.tensor([[60.0, -5.0]]))
            self.head.bias.fill_(-2.0)

    def forward(self, x: Tensor) -> Tensor:
        """Compute logits (B,)."""
        found: Tensor = self.head(self.features(x).mean(dim=(2, 3)))
        return found.squeeze(-1)


class FlatFinder(nn.Module):
    """Scores how many pixels are bright, with no layer that has places."""

    def forward(self, x: Tensor) -> Tensor:
        """Compute logits (B,)."""
        return (x.flatten(1) - 0.5).clamp(min=0).sum(dim=1) - 1


class Twice(nn.Module):
    """Uses one convolution and one ReLU twice; its parameters are frozen."""

    def __init__(self, outputs: int = 3) -> None:
        super().__init__()
        self.stem = nn.Conv2d(1, 4, 3, padding=1)
        self.mixed = nn.Conv2d(4, 4, 3, padding=1)
        self.relu = nn.ReLU(inplace=True)
        self.head = nn.Linear(4, outputs)
        self.requires_grad_(False)

    def forward(self, x: Tensor) -> Tensor:
        """Compute logits (B, outputs)."""
        x = self.relu(self.stem(x))
        x = self.mixed(x)
        x = self.mixed(x * x)
        found: Tensor = self.head(x.relu_().mean(dim=(2, 3)))
        return found


def square_at(row: int, column: int) -> Tensor:
    """Draw a bright square on a dim image (1, SIDE, SIDE), uint8."""
    pixels = torch.full((1, SIDE, SIDE), 90, dtype=torch.uint8)
    pixels[:, row : row + SQUARE, column : column + SQUARE] = 250
    return pixels


def scaled(pixels: Tensor) -> Tensor:
    """Scale pixels (B, C, S, S) as a training does."""
    return pixels.float() / 127.5 - 1


def differentiable(module: nn.Module, *, binary: bool = True) -> Differentiable:
    """Ask the module as a run's is asked."""
    return Differentiable(module, lambda x: module(x).squeeze(-1) if binary and module(x).ndim == 2 else module(x))


def predicting(network: Differentiable) -> Any:
    """Return what computes logits of pixels (B, C, S, S)."""

    def predict(pixels: Tensor) -> NDArray[Any]:
        with torch.inference_mode():
            found: NDArray[Any] = network.logits(scaled(pixels)).double().numpy()
            return found

    return predict
