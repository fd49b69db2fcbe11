"""Measure each image as the network gets it: its brightness and contrast, its edges and corners, its grey levels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from runs.statistics.roc import Floats

MOST_VALUES = 2**28  # looked at; of more, an evenly spread part of the images
MOST_IMAGES = 20_000
AT_ONCE = 2**22  # values
EDGE, CORNER = 28, 6  # of how many parts of an image's side one is its edge, or its corner
LEVELS = 256
LOOKED_AT, VALUES = 2_000, 2**25  # images, and values of them, of which each grey level is noted

SIDES: Mapping[str, tuple[int, int]] = {"upper": (0, 1), "lower": (0, -1), "left": (1, 1), "right": (1, -1)}
"""Edges by the axis that they lie across, and the end of it."""
CORNERS = [(vertical, across) for vertical in ("upper", "lower") for across in ("left", "right")]


@dataclass(frozen=True)
class ImageStatistics:
    """Of the images at `places` of the data set, in grey levels from 0 to 255; `spread` is a standard deviation.

    `local` has numbers of edges and corners, by what they are in words. `levels` (images, 256) says which grey levels
    each of the images `looked_at`, places among those here, has.
    """

    places: NDArray[np.int64]
    mean: Floats
    spread: Floats
    lowest: Floats
    highest: Floats
    local: Mapping[str, Floats]
    looked_at: NDArray[np.int64]
    levels: NDArray[np.bool_]


def measure(images: Tensor) -> ImageStatistics:
    """Measure images (N, channels, height, width) of uint8, or as many of them as cost a second or two."""
    each = max(1, images[0].numel())
    count = min(len(images), MOST_IMAGES, max(1, MOST_VALUES // each))
    places = np.arange(count, dtype=np.int64) * len(images) // count
    step = max(1, AT_ONCE // each)
    rows, local = [], []
    for start in range(0, count, step):
        block = images[places[start : start + step]].numpy()
        rows.append(_rows(block))
        local.append(_local(block))
    mean, spread, lowest, highest = np.concatenate(rows, axis=1)
    named = {name: np.concatenate([part[name] for part in local]).astype(np.float64) for name in local[0]}
    few = min(count, LOOKED_AT, max(1, VALUES // each))
    looked_at = np.arange(few, dtype=np.int64) * count // few
    levels = _levels(images[places[looked_at]].numpy())
    return ImageStatistics(places, mean, spread, lowest, highest, named, looked_at, levels)


def _rows(images: NDArray[np.uint8]) -> Floats:
    """Compute (4, n): mean, standard deviation, lowest and highest value of each image."""
    flat = images.reshape(len(images), -1)
    floats = flat.astype(np.float32)
    return np.stack([floats.mean(axis=1), floats.std(axis=1), flat.min(axis=1), flat.max(axis=1)]).astype(np.float64)


def _local(images: NDArray[np.uint8]) -> dict[str, NDArray[Any]]:
    """Measure edges, where borders lie, and corners, where marks are."""
    found: dict[str, NDArray[Any]] = {}
    for side, (axis, end) in SIDES.items():
        edge = _end(images, axis, end, EDGE).astype(np.float32)
        found[f"mean brightness along the {side} edge"] = edge.mean(axis=(1, 2, 3))
        found[f"contrast along the {side} edge"] = edge.std(axis=(1, 2, 3))
    for vertical, across in CORNERS:
        corner = _end(_end(images, *SIDES[vertical], CORNER), *SIDES[across], CORNER)
        found[f"darkest spot of the {vertical} {across} corner"] = corner.min(axis=(1, 2, 3))
        found[f"brightest spot of the {vertical} {across} corner"] = corner.max(axis=(1, 2, 3))
    return found


def _end(images: NDArray[np.uint8], axis: int, end: int, parts: int) -> NDArray[np.uint8]:
    """Return one of so many parts of the height, axis 0, or of the width, at its beginning (1) or its end (-1)."""
    size = max(1, images.shape[2 + axis] // parts)
    part = slice(None, size) if end > 0 else slice(-size, None)
    return images[:, :, part] if axis == 0 else images[..., part]


def _levels(images: NDArray[np.uint8]) -> NDArray[np.bool_]:
    found = np.zeros((len(images), LEVELS), np.bool_)
    found[np.arange(len(images))[:, np.newaxis], images.reshape(len(images), -1)] = True
    return found
