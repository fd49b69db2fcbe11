"""From image files to one tensor of pixels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from experiments.training.data import medmnist, verification
from experiments.training.data.errors import SourceError
from experiments.training.data.folders import Files

HIGH_DEPTH = ("I", "F")  # Pillow's modes beyond 8 bits begin so: I;16, I;16B, I, F


def decode(files: Files, names: Sequence[str], *, size: int, channels: int) -> Tensor:
    """uint8 (N, channels, size, size) in the order of `names`; raises SourceError with the name of a broken image."""
    pixels = torch.empty((len(names), channels, size, size), dtype=torch.uint8)
    view = pixels.numpy()
    for row, name in enumerate(names):
        try:
            with files.open(name) as file, verification.opened(file) as image:
                view[row] = to_array(image, size=size, channels=channels)
        except Exception as error:  # Pillow's parsers raise nearly anything on damaged files
            problem = verification.words(error)
            raise SourceError("source_path", f"{name} cannot be read ({problem}); replace it.") from error
    return pixels


def decode_arrays(files: Files, *, size: int, channels: int) -> Tensor:
    """uint8 (N, channels, size, size) of a MedMNIST file, in the order of its index; raises SourceError."""
    stacks = list(medmnist.stacks(files).values())
    pixels = torch.empty((sum(stack.count for stack in stacks), channels, size, size), dtype=torch.uint8)
    view, row = pixels.numpy(), 0
    for stack in stacks:
        for content in medmnist.pixels(files, stack):
            for image in np.frombuffer(content, np.uint8).reshape(-1, stack.height, stack.width, stack.channels):
                grey = image[:, :, 0] if stack.channels == 1 else image
                view[row] = to_array(Image.fromarray(grey), size=size, channels=channels)
                row += 1
    return pixels


def to_array(image: Image.Image, *, size: int, channels: int) -> NDArray[np.uint8]:
    """The image as uint8 (channels, size, size), squeezed to a square with Pillow's bilinear filter.

    16-bit images keep their full range (65535 is white, as 255 is); transparency is dropped.
    """
    mode = "L" if channels == 1 else "RGB"
    if image.mode.startswith(HIGH_DEPTH):
        grey = _resized(_eight_bit_range(image), size)
        return np.broadcast_to(np.asarray(grey).clip(0, 255).round().astype(np.uint8), (channels, size, size))
    image.draft(mode, (2 * size, 2 * size))  # lets JPEG decode large images at a fraction of their size
    if image.mode in ("P", "PA", "1"):
        image = image.convert("RGB")  # palette indices are no colours; resizing would mix them
    array = np.asarray(_resized(image.convert(mode), size))
    return array[np.newaxis] if channels == 1 else array.transpose(2, 0, 1)


def _resized(image: Image.Image, size: int) -> Image.Image:
    if image.size == (size, size):
        return image
    return image.resize((size, size), Image.Resampling.BILINEAR)


def _eight_bit_range(image: Image.Image) -> Image.Image:
    """As 32-bit floats, 0 to 255: from 16 bits by the full range, from 0 to 1 as such, else by the image's extremes."""
    values = np.asarray(image).astype(np.float32)
    if not np.isfinite(values).all():
        raise ValueError("it holds values that are no numbers")
    low, high = float(values.min()), float(values.max())
    if low >= 0 and image.mode.startswith("I") and high <= 65535:
        low, high = 0.0, 65535.0
    elif low >= 0 and image.mode == "F" and high <= 1:
        low, high = 0.0, 1.0
    return Image.fromarray((values - low) * (255.0 / max(high - low, 1e-12)))
