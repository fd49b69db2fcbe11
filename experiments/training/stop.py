"""How a training is told to stop. Torch-free: the process's entry makes it before the recipe is loaded."""

from __future__ import annotations

import threading


class Stop(threading.Event):
    """Set: stop after the current batch, and keep nothing of the incomplete epoch.

    `early` set: the same, but of the training alone; its best epoch is evaluated then, as at any other end.
    """

    def __init__(self) -> None:
        super().__init__()
        self.early = threading.Event()
