"""How a training receives requests of its supervisor. Torch-free: made before the recipe is loaded."""

from __future__ import annotations

import threading


class Interrupted(Exception):  # it says what happened, and nothing went wrong
    """The training was told to stop. Raised between batches, so no hook runs for the incomplete epoch."""


class Stop(threading.Event):
    """A request to stop after the current batch and keep nothing of the incomplete epoch.

    If only `early` is set, training stops in the same way, and its best epoch is evaluated as at any other end.
    """

    def __init__(self) -> None:
        super().__init__()
        self.early = threading.Event()
        self.registered = Registered()


class Registered:
    """The epoch whose checkpoint the server knows, from which a next attempt would resume.

    `epoch` is None until the server reports one, and always where there is no server to do so.
    """

    def __init__(self) -> None:
        self.epoch: int | None = None
        self._changed = threading.Condition()

    def set(self, epoch: int) -> None:
        """Set the epoch and wake those who wait for it."""
        with self._changed:
            self.epoch = epoch
            self._changed.notify_all()

    def wait_for(self, epoch: int, seconds: float) -> None:
        """Wait up to `seconds` until the epoch is registered; returns at once while none is known."""
        with self._changed:
            self._changed.wait_for(lambda: self.epoch in (None, epoch), seconds)
