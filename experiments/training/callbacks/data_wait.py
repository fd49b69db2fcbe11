"""How long the training loop waits for its data loader."""

from __future__ import annotations

import time
from collections.abc import Callable

from pytorch_lightning.profilers import Profiler


class DataWait(Profiler):
    """A Trainer's `profiler` that knows one thing: `seconds`, spent in taking training batches from the loader.

    Lightning says to its profiler when it asks the loader for a batch and when it has it; between hooks of callbacks
    there is more than that: copying to the device, which waits for what the device has still to do, and validation.
    Reads a clock, synchronises nothing.
    """

    ACTION = ".train_dataloader_next"  # "[_TrainingEpochLoop].train_dataloader_next"

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._since = 0.0
        self.seconds = 0.0

    def start(self, action_name: str) -> None:
        if action_name.endswith(self.ACTION):
            self._since = self._clock()

    def stop(self, action_name: str) -> None:
        if action_name.endswith(self.ACTION):
            self.seconds += self._clock() - self._since
