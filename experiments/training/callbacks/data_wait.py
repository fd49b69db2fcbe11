"""Measure how long the training loop waits for its data loader."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from pytorch_lightning.profilers import Profiler


class DataWait(Profiler):
    """A Trainer's `profiler` that measures only `seconds`, spent taking training batches from the loader.

    Lightning notifies its profiler when it asks the loader for a batch and when it has it. The time between callbacks'
    hooks would include more: copying to the device, which waits for what the device has still to do, and validation. It
    reads a clock and synchronises nothing.
    """

    ACTION = ".train_dataloader_next"  # "[_TrainingEpochLoop].train_dataloader_next"
    _UNMEASURED: AbstractContextManager[Any] = nullcontext()

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._since = 0.0
        self.seconds = 0.0

    def profile(self, action_name: str) -> AbstractContextManager[Any]:  # type: ignore[override]
        """Measure the action if it is taking a training batch.

        Lightning asks for about a hundred others per batch, and a timer of its own costs more than most of them.
        """
        return super().profile(action_name) if action_name.endswith(self.ACTION) else self._UNMEASURED

    def start(self, action_name: str) -> None:
        """Note the time when the loop asks the loader for a batch."""
        if action_name.endswith(self.ACTION):
            self._since = self._clock()

    def stop(self, action_name: str) -> None:
        """Add the time since the request once the batch has arrived."""
        if action_name.endswith(self.ACTION):
            self.seconds += self._clock() - self._since
