"""Stop after the current batch when requested, by the event or by SIGTERM."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pytorch_lightning.callbacks import Callback

from experiments.training.contract.stop import Interrupted, Stop
from experiments.training.ranks import Agreement

GO_ON, FINISH, STOP = range(3)


class FinishedEarly(Exception):
    """A request to end training and evaluate, raised in the same way as `Interrupted`."""


def install(stop: threading.Event) -> Any:
    """Let SIGTERM set the event; returns the previous handler. Does nothing outside the main thread."""
    if threading.current_thread() is not threading.main_thread():
        return None
    return signal.signal(signal.SIGTERM, lambda *_: stop.set())


@contextmanager
def sigterm_sets(stop: threading.Event) -> Iterator[None]:
    """Let SIGTERM set the event for the length of the block."""
    previous = install(stop)
    try:
        yield
    finally:
        if previous is not None:
            signal.signal(signal.SIGTERM, previous)


class StopWatcher(Callback):
    """Raises `Interrupted` or `FinishedEarly` at the next batch after a request, in all ranks at the same batch.

    `trainer.should_stop` does not serve: in mid-epoch it still fires `on_train_epoch_end`, as if the epoch were whole.
    """

    def __init__(self, stop: Stop, *, early: bool = False) -> None:
        """Watch for `stop`, and with `early` also for requests to finish early, which only training heeds."""
        self._stop, self._early = stop, early
        self._agreement = Agreement()

    def on_train_start(self, *_: Any) -> None:
        """Install the SIGTERM handler again and check for a request."""
        install(self._stop)  # Lightning has just put its own handler in front, which ends the process with exit code 0
        self._check()

    def on_validation_start(self, *_: Any) -> None:
        """Install the SIGTERM handler again."""
        install(self._stop)  # with several ranks, Lightning's waits for the others inside the handler

    def on_test_start(self, *_: Any) -> None:
        """Install the SIGTERM handler again."""
        install(self._stop)

    def on_train_batch_start(self, *_: Any) -> None:
        """Check for a request."""
        self._check()

    def on_train_batch_end(self, *_: Any) -> None:
        """Check for a request."""
        self._check()

    def on_validation_batch_end(self, *_: Any) -> None:
        """Check for a request."""
        self._check()

    def on_test_batch_end(self, *_: Any) -> None:
        """Check for a request."""
        self._check()

    def _check(self) -> None:
        request = self._agreement.reached(self._requested())
        if request == STOP:
            self._stop.set()
            raise Interrupted
        if request == FINISH:
            raise FinishedEarly

    def _requested(self) -> int:
        if self._stop.is_set():
            return STOP
        return FINISH if self._early and self._stop.early.is_set() else GO_ON
