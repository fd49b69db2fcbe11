"""Follows a training process from start to end: its messages, its heartbeat, its outcome. No Django here."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import NamedTuple, Self

from experiments.processes.training_process import (
    SILENCE_SECONDS,
    TICK_SECONDS,
    ProtocolError,
    Received,
    TrainingProcess,
    describe_exit,
    was_killed,
)
from experiments.training.contract.reports import Outcome

LONGEST_LOOK_SECONDS = 1.0
"""Of the time between two looks, what counts as silence: if this process stood still for longer, so did the other."""


class End(NamedTuple):
    """How a process ended: decided by the outcome that it sent, if it sent one, never by its exit code."""

    outcome: Outcome | None
    exit: str  # its exit code as a sentence for the user
    killed: bool = False  # by a signal; whose, does not show
    silence: float | None = None  # seconds without a sign of life, where it was killed because of them
    violation: str | None = None  # what it sent outside the contract; it was killed because of that
    code: int | None = None  # its exit code, negative: the signal; None: not known


class FollowedProcess:
    """A context that follows a process: it has ended when the context is left, and `end` says how.

    A ProtocolError raised inside ends the process and counts as its end; everything else is passed on.
    """

    def __init__(
        self,
        process: TrainingProcess,
        leaving: threading.Event | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Kill the process as soon as `leaving` is set."""
        self._process, self._leaving = process, leaving or threading.Event()
        self._outcome: Outcome | None = None
        self._violation: str | None = None
        self._code: int | None = None
        self._clock, self._looked, self._silent_seconds = clock, clock(), 0.0
        self.silence: float | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> bool:
        self._code = self._process.close()
        if isinstance(error, ProtocolError):
            self._violation = str(error)
            return True
        return False

    @property
    def end(self) -> End:
        """How the process ended, once the context has been left."""
        exit_ = describe_exit(self._code, self._process.lost_rank)
        return End(self._outcome, exit_, was_killed(self._code), self.silence, self._violation, self._code)

    def batches(self) -> Iterator[list[Received]]:
        """Yield what has arrived, at least every TICK_SECONDS, until the process has ended. Raises ProtocolError."""
        for batch in self._process.batches(TICK_SECONDS):
            self._check_heartbeat(alive=batch is not None)
            if self._leaving.is_set():
                self._process.kill()
            for message, _, _ in batch or ():
                if isinstance(message, Outcome):
                    self._outcome = message
            yield batch or []

    def _check_heartbeat(self, *, alive: bool) -> None:
        now = self._clock()
        since_last_look, self._looked = now - self._looked, now
        self._silent_seconds = 0.0 if alive else self._silent_seconds + min(since_last_look, LONGEST_LOOK_SECONDS)
        if self._silent_seconds > SILENCE_SECONDS:
            self.silence = SILENCE_SECONDS
            self._process.kill()
