"""Random changes of training images that preserve their class. For batches of tensors, torch only."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, TypeAlias

import torch
from torch import Tensor
from torch.nn import functional

Preset: TypeAlias = Literal["none", "light", "medium", "xray"]


@dataclass(frozen=True)
class Strength:
    """The largest changes, each in both directions, as shares of the image's size or of the values' range."""

    horizontal_flip: bool = False
    vertical_flip: bool = False
    degrees: float = 0.0
    zoom: float = 0.0
    shift: float = 0.0
    brightness: float = 0.0
    contrast: float = 0.0
    noise: float = 0.0


# X-rays are not flipped: up and down, left and right mean something in them (heart, stomach, markers).
PRESETS: dict[Preset, Strength] = {
    "none": Strength(),
    "light": Strength(horizontal_flip=True, degrees=5, zoom=0.05, shift=0.05),
    "medium": Strength(
        horizontal_flip=True,
        vertical_flip=True,
        degrees=20,
        zoom=0.15,
        shift=0.1,
        brightness=0.1,
        contrast=0.2,
        noise=0.02,
    ),
    "xray": Strength(degrees=7, zoom=0.1, shift=0.05, contrast=0.2),
}


def augment(images: Tensor, strength: Strength, generator: torch.Generator) -> Tensor:
    """Change (N, C, H, W) of values from -1 to 1, each image independently.

    Draws from `generator` alone, which must be on the images' device.
    """
    moved = _moved(images, strength, generator)
    return _toned(moved, strength, generator).clamp_(-1, 1)


def _moved(images: Tensor, strength: Strength, generator: torch.Generator) -> Tensor:
    """Flip, rotate, zoom and shift in one resampling; areas from outside repeat the border."""
    transforms = _transforms(images, strength, generator)
    grid = functional.affine_grid(transforms, list(images.shape), align_corners=False)
    return functional.grid_sample(images, grid, mode="bilinear", padding_mode="border", align_corners=False)


def _transforms(images: Tensor, strength: Strength, generator: torch.Generator) -> Tensor:
    """Draw (N, 2, 3) matrices from each place of the result to its place in the image, both from -1 to 1."""
    count = len(images)
    angle = _drawn(count, math.radians(strength.degrees), images, generator)
    scale = torch.exp(_drawn(count, math.log1p(strength.zoom), images, generator))
    shift = [_drawn(count, 2 * strength.shift, images, generator) for _ in range(2)]
    flip_x = _signs(count, strength.horizontal_flip, images, generator)
    flip_y = _signs(count, strength.vertical_flip, images, generator)
    cos, sin = torch.cos(angle) * scale, torch.sin(angle) * scale
    return torch.stack((cos * flip_x, -sin * flip_y, shift[0], sin * flip_x, cos * flip_y, shift[1]), dim=1).view(
        -1, 2, 3
    )


def _toned(images: Tensor, strength: Strength, generator: torch.Generator) -> Tensor:
    """Change contrast about each image's own mean and brightness, and add noise; the range of the values is 2."""
    factor = torch.exp(_drawn(len(images), math.log1p(strength.contrast), images, generator)).view(-1, 1, 1, 1)
    offset = _drawn(len(images), 2 * strength.brightness, images, generator).view(-1, 1, 1, 1)
    mean = images.mean(dim=(1, 2, 3), keepdim=True)
    toned = (images - mean) * factor + mean + offset
    if strength.noise:
        toned += torch.randn(images.shape, generator=generator, device=images.device) * (2 * strength.noise)
    return toned


def _drawn(count: int, most: float, like: Tensor, generator: torch.Generator) -> Tensor:
    """Draw `count` numbers uniformly from -most to most."""
    return (torch.rand(count, generator=generator, device=like.device) * 2 - 1) * most


def _signs(count: int, flips: bool, like: Tensor, generator: torch.Generator) -> Tensor:
    """Draw -1 for half of them, if flips are enabled, otherwise 1."""
    heads = torch.rand(count, generator=generator, device=like.device) < 0.5
    return torch.where(heads & flips, -1.0, 1.0)
