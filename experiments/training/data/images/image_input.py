"""Describe how images become a network's numbers."""

from __future__ import annotations

from experiments.training.contract.inference import ImageInput


def described(channels: int, size: int) -> ImageInput:
    """Describe the way of `pixels.to_array` and `TensorBatches` for squares of `size` pixels."""
    return ImageInput(
        size=size, channels=channels, mode="L" if channels == 1 else "RGB", jpeg_draft=[2 * size, 2 * size]
    )
