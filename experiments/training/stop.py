"""How a training hears from its supervisor. Torch-free: the process's entry makes it before the recipe is loaded."""

from __future__ import annotations

import threading


class Interrupted(Exception):  # it says what happened, and nothing went wrong
    """The training was told to stop. Raised between batches, so no hook runs for the incomplete epoch."""


class Stop(threading.Event):
    """Set: stop after the current batch, and keep nothing of the incomplete epoch.

    `early` set: the same, but of the training alone; its best epoch is evaluated then, as at any other end.
    """

    def __init__(self) -> None:
        super().__init__()
        self.early = threading.Event()
        self.registered = Registered()


class Registered:
    """The epoch whose checkpoint the server knows: where an attempt after this one would go on.

    `epoch` is null until something was heard of it, and always where nobody says such things.
    """

    def __init__(self) -> None:
        self.epoch: int | None = None
        self._changed = threading.Condition()

    def set(self, epoch: int) -> None:
        with self._changed:
            self.epoch = epoch
            self._changed.notify_all()

    def wait_for(self, epoch: int, seconds: float) -> None:
        """Return when it is that epoch, or was not within that time; at once where nobody says such things."""
        with self._changed:
            self._changed.wait_for(lambda: self.epoch in (None, epoch), seconds)
