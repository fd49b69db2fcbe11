"""Occlusion (Zeiler and Fergus, ECCV 2014): how much a score falls where a window of the image is covered.

It asks nothing of the network but its scores.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from experiments.training.explanation.score_gradients import logit_of

Predict: TypeAlias = Callable[[Tensor], NDArray[Any]]
"""Inputs as the data module holds them -> logits (B,) of two classes, (B, C) of more."""

FINE, COARSE = 14, 10  # windows a side: 196 and 100, each one more image for the network
FINE_TO = 64  # pixels a side: larger images take networks so long that they get fewer windows
MARGIN = 0.5  # of a cell by which a window reaches over its cell on each side
BYTES_AT_ONCE = 2**26  # of images that are covered together


def grid_of(size: int) -> int:
    """Return how many windows there are a side, for images of `size` pixels."""
    return COARSE if size > FINE_TO else min(FINE, size)


def occlusion(predict: Predict, pixels: Tensor, *, label: int) -> Tensor:
    """Compute by how much the logit of class `label` falls for each window (rows, columns); negative: it rises.

    A covered window has the image's mean colour. `pixels` (C, S, S) are as the data module holds them.
    """
    size = pixels.shape[-1]
    cells = grid_of(size)
    spans = [_span(cell, cells, size) for cell in range(cells)]
    windows = [(rows, columns) for rows in spans for columns in spans]
    filling = pixels.double().mean(dim=(1, 2), keepdim=True)
    if not pixels.is_floating_point():
        filling = filling.round()
    at_once = max(1, BYTES_AT_ONCE // pixels.nbytes)
    whole = _logits(predict, pixels[None], label)
    covered = [
        _logits(predict, _covered(pixels, filling.to(pixels.dtype), windows[start : start + at_once]), label)
        for start in range(0, len(windows), at_once)
    ]
    return (whole - torch.cat(covered)).reshape(cells, cells)


def _logits(predict: Predict, images: Tensor, label: int) -> Tensor:
    return logit_of(torch.from_numpy(np.asarray(predict(images), dtype=np.float64)), label)


def _span(cell: int, cells: int, size: int) -> slice:
    """Return the pixels of a window along one side: its cell's, and a margin where a cell has several."""
    side = size / cells
    margin = MARGIN * side if side > 1 else 0
    return slice(max(0, math.floor(cell * side - margin)), min(size, math.ceil((cell + 1) * side + margin)))


def _covered(pixels: Tensor, filling: Tensor, windows: list[tuple[slice, slice]]) -> Tensor:
    images = pixels.repeat(len(windows), 1, 1, 1)
    for image, (rows, columns) in zip(images, windows, strict=True):
        image[:, rows, columns] = filling
    return images
