"""Measure how bright and how rich in contrast each image is, as the network gets it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from runs.statistics.roc import Floats

MOST_VALUES = 2**28  # looked at; of more, an evenly spread part of the images
MOST_IMAGES = 20_000
AT_ONCE = 2**22  # values


@dataclass(frozen=True)
class ImageStatistics:
    """Of the images at `places` of the data set, in grey levels from 0 to 255; `spread` is a standard deviation."""

    places: NDArray[np.int64]
    mean: Floats
    spread: Floats
    lowest: Floats
    highest: Floats


def measure(images: Tensor) -> ImageStatistics:
    """Measure images (N, channels, height, width) of uint8, or as many of them as cost a second or two."""
    each = max(1, images[0].numel())
    count = min(len(images), MOST_IMAGES, max(1, MOST_VALUES // each))
    places = np.arange(count, dtype=np.int64) * len(images) // count
    step = max(1, AT_ONCE // each)
    rows = [_rows(images[places[start : start + step]].numpy()) for start in range(0, count, step)]
    return ImageStatistics(places, *np.concatenate(rows, axis=1))


def _rows(images: NDArray[np.uint8]) -> Floats:
    """Compute (4, n): mean, standard deviation, lowest and highest value of each image."""
    flat = images.reshape(len(images), -1)
    floats = flat.astype(np.float32)
    return np.stack([floats.mean(axis=1), floats.std(axis=1), flat.min(axis=1), flat.max(axis=1)]).astype(np.float64)
