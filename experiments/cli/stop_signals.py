"""Handles SIGTERM and Ctrl-C in a command that trains: it stops in order, and its exit code says so."""

from __future__ import annotations

import signal
import threading
from types import FrameType


class StopSignals:
    """Sets an event at the first of these signals, and keeps which one it was."""

    def __init__(self, event: threading.Event) -> None:
        self._event = event
        self._received: int | None = None

    def install(self) -> None:
        """Replace the present signal handlers. Must be called in the main thread."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)

    @property
    def exit_code(self) -> int | None:
        """The exit code that a shell reports for a command ended by a signal: 143 or 130; None without one."""
        return None if self._received is None else 128 + self._received

    def _stop(self, number: int, _frame: FrameType | None) -> None:
        self._received = self._received or number
        self._event.set()
