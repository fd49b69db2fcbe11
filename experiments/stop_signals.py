"""What SIGTERM and Ctrl-C mean to a command that trains: stop in order, and say so by its exit code."""

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
        """Take the place of the handlers that there are. Call it in the main thread."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)

    @property
    def exit_code(self) -> int | None:
        """As a shell gives it to a command that was ended by a signal: 143 or 130; None if none was received."""
        return None if self._received is None else 128 + self._received

    def _stop(self, number: int, _frame: FrameType | None) -> None:
        self._received = self._received or number
        self._event.set()
