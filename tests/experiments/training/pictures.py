"""Pictures that differ as photographs do, and what people do to copies of them."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

Pixels = NDArray[np.uint8]
XRAYS = Path(__file__).parents[4] / "shared" / "data" / "chest-xray-subset.npz"


def scans(count: int, *, size: int = 64, seed: int = 0) -> Pixels:
    """Draw (count, size, size): smooth, each with its own shapes and a little noise."""
    random = np.random.default_rng(seed)
    coarse = random.integers(0, 256, (count, 7, 7), dtype=np.uint8)
    smooth = [np.asarray(Image.fromarray(one).resize((size, size), Image.Resampling.BICUBIC)) for one in coarse]
    noise = random.normal(0, 3, (count, size, size))
    return (np.stack(smooth) * 0.8 + 25 + noise).clip(0, 255).astype(np.uint8)


def xrays() -> dict[str, Pixels]:
    """Load the real chest X-rays beside the checkout; skips the test where there are none."""
    if not XRAYS.is_file():
        pytest.skip(f"no chest X-rays at {XRAYS}")
    with np.load(XRAYS, allow_pickle=False) as arrays:
        return {name: arrays[name] for name in arrays.files}


def saved_as_jpeg(image: Pixels, quality: int = 75) -> Pixels:
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "JPEG", quality=quality)
    return np.asarray(Image.open(buffer))


def resized(image: Pixels, share: float = 0.75) -> Pixels:
    """Scale an image to that share of its size and back."""
    height, width = image.shape
    small = Image.fromarray(image).resize((round(width * share), round(height * share)), Image.Resampling.BILINEAR)
    return np.asarray(small.resize((width, height), Image.Resampling.BILINEAR))


def brightened(image: Pixels, levels: int = 12) -> Pixels:
    return (image.astype(np.int16) + levels).clip(0, 255).astype(np.uint8)
