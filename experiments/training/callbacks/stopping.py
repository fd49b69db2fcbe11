"""Stop after the current batch when told to, by the event or by SIGTERM."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pytorch_lightning.callbacks import Callback

from experiments.training.ranks import Agreement
from experiments.training.stop import Interrupted, Stop

GO_ON, FINISH, STOP = range(3)


class FinishedEarly(Exception):
    """The training was told to stop and to be evaluated. Raised as `Interrupted` is."""


def install(stop: threading.Event) -> Any:
    """Let SIGTERM set the event; returns the handler that was there. Does nothing outside the main thread."""
    if threading.current_thread() is not threading.main_thread():
        return None
    return signal.signal(signal.SIGTERM, lambda *_: stop.set())


@contextmanager
def sigterm_sets(stop: threading.Event) -> Iterator[None]:
    """For the length of the block, SIGTERM sets the event."""
    previous = install(stop)
    try:
        yield
    finally:
        if previous is not None:
            signal.signal(signal.SIGTERM, previous)


class StopWatcher(Callback):
    """Raises `Interrupted`, or `FinishedEarly`, at the next batch once told to, in all ranks at the same batch.

    `trainer.should_stop` will not do: in mid-epoch it still fires `on_train_epoch_end`, as if the epoch were whole.
    """

    def __init__(self, stop: Stop, *, early: bool = False) -> None:
        """With `early`, of a trainer that trains: one that evaluates is what finishing early is about."""
        self._stop, self._early = stop, early
        self._agreement = Agreement()

    def on_train_start(self, *_: Any) -> None:
        install(self._stop)  # Lightning has just put its own handler in front, which ends the process with exit code 0
        self._check()

    def on_validation_start(self, *_: Any) -> None:
        install(self._stop)  # with several ranks, Lightning's waits for the others inside the handler

    def on_test_start(self, *_: Any) -> None:
        install(self._stop)

    def on_train_batch_start(self, *_: Any) -> None:
        self._check()

    def on_train_batch_end(self, *_: Any) -> None:
        self._check()

    def on_validation_batch_end(self, *_: Any) -> None:
        self._check()

    def on_test_batch_end(self, *_: Any) -> None:
        self._check()

    def _check(self) -> None:
        told = self._agreement.reached(self._told())
        if told == STOP:
            self._stop.set()
            raise Interrupted
        if told == FINISH:
            raise FinishedEarly

    def _told(self) -> int:
        if self._stop.is_set():
            return STOP
        return FINISH if self._early and self._stop.early.is_set() else GO_ON
