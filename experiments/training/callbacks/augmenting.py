"""Augment the batches of the training split, and save a picture of the result."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytorch_lightning as pl
import torch
from PIL import Image
from pytorch_lightning.callbacks import Callback
from torch import Tensor

from experiments.training import ranks
from experiments.training.callbacks.randomness import seed_of
from experiments.training.contract.inference import PIXEL_DIVISOR, PIXEL_OFFSET
from experiments.training.data.augmentation import PRESETS, Preset, augment
from runs.atomic_files import replacing

SHEET_FILE = "augmentation.png"
ROWS = 4
GAP = 2  # pixels between samples
SAMPLE_PIXELS = 112  # smaller samples are enlarged by a whole number, up to about this


class Augmenter(Callback):
    """Replaces the images of each training batch by augmented ones, in place, so that it works with any module.

    A batch's changes depend on seed, epoch, batch and rank alone: a resumed run repeats those of an uninterrupted one,
    and no other use of random numbers changes them. The first 16 samples are saved as `augmentation.png` in `run_dir`,
    once per run; without a folder there is no picture.
    """

    def __init__(self, preset: Preset, *, seed: int, run_dir: Path | None) -> None:
        self._strength, self._seed = PRESETS[preset], seed
        self._sheet = run_dir / SHEET_FILE if run_dir else None
        self._shown: list[Tensor] = []

    def on_train_batch_start(self, trainer: pl.Trainer, _module: Any, batch: Any, batch_idx: int) -> None:
        """Augment the batch's images in place."""
        images = batch[0]
        seed = seed_of(self._seed, trainer.current_epoch, batch_idx)
        generator = torch.Generator(images.device).manual_seed(seed)
        images.copy_(augment(images, self._strength, generator))
        if self._sheet and ranks.first() and not self._sheet.exists():
            self._show(images, self._sheet)

    def _show(self, images: Tensor, sheet: Path) -> None:
        missing = ROWS * ROWS - sum(len(part) for part in self._shown)
        self._shown.append(images[:missing].cpu())
        if missing <= len(images):
            with replacing(sheet) as temporary:
                contact_sheet(torch.cat(self._shown)).save(temporary, format="png")
            self._shown.clear()


def contact_sheet(images: Tensor) -> Image.Image:
    """Arrange (16, C, H, W) of values from -1 to 1 in 4 rows of 4, C being 1 (grey) or 3 (RGB)."""
    _, channels, height, width = images.shape
    scale = max(1, SAMPLE_PIXELS // max(height, width))
    pixels = ((images + PIXEL_OFFSET) * PIXEL_DIVISOR).round().clamp(0, 255).byte().permute(0, 2, 3, 1).numpy()
    pixels = pixels.repeat(scale, axis=1).repeat(scale, axis=2)
    step_y, step_x = height * scale + GAP, width * scale + GAP
    sheet = np.full((ROWS * step_y - GAP, ROWS * step_x - GAP, channels), 255, dtype=np.uint8)
    for number, sample in enumerate(pixels):
        y, x = (number // ROWS) * step_y, (number % ROWS) * step_x
        sheet[y : y + height * scale, x : x + width * scale] = sample
    return Image.fromarray(sheet[:, :, 0] if channels == 1 else sheet)
