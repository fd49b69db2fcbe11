"""Read what the run never saw, image by image or row by row, exactly as the training read its own data."""

from __future__ import annotations

from experiments.training.prediction.images import read_files, read_images
from experiments.training.prediction.read_input import ReadInput
from experiments.training.prediction.rows import read_rows

__all__ = ["ReadInput", "read_files", "read_images", "read_rows"]
