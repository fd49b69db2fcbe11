"""Make an epoch's randomness a function of seed and epoch, so that a resumed run repeats an uninterrupted one."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import Callback

from experiments.training import ranks


class EpochSeed(Callback):
    """Seeds Python, numpy and torch at each epoch's start, and again before its first step; each rank differently.

    Twice, because a resumed run makes the epoch's data iterator (which may draw a number) before the epoch starts,
    and any other epoch after it.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def on_train_epoch_start(self, trainer: pl.Trainer, *_: Any) -> None:
        """Seed for what happens before the epoch's first step."""
        self._reseed(trainer.current_epoch, 0)

    def on_train_batch_start(self, trainer: pl.Trainer, _module: Any, _batch: Any, batch_idx: int) -> None:
        """Seed again before the epoch's first step."""
        if batch_idx == 0:
            self._reseed(trainer.current_epoch, 1)

    def _reseed(self, epoch: int, moment: int) -> None:
        derived = seed_of(self._seed, epoch, moment)
        random.seed(derived)
        np.random.seed(derived)  # custom data sets may use the global generator
        torch.manual_seed(derived)


def seed_of(*numbers: int) -> int:
    """Derive 32 bits from all the numbers and the rank: ranks must change their samples differently."""
    rank = ranks.place().rank
    return int(np.random.SeedSequence([*numbers, rank] if rank else numbers).generate_state(1)[0])
