"""How a training is made to stop: it is asked, after the grace period it gets SIGTERM, soon after that SIGKILL."""

from __future__ import annotations

import time
from collections.abc import Callable

from django.conf import settings

from experiments.process import TrainingProcess

KILL_SECONDS = 2.0  # between SIGTERM and SIGKILL


class StopLadder:
    """What was asked of one process, and which step it is on; another request begins at the first step again."""

    def __init__(self, process: TrainingProcess) -> None:
        self._process = process
        self._request: Callable[[], None] | None = None
        self._since = 0.0  # monotonic time of the request
        self._terminated = False

    def stop(self) -> None:
        """Want it to stop after the current batch."""
        self._escalate(self._process.request_stop)

    def finish(self) -> None:
        """Want it to stop training after the current batch, and to evaluate its best epoch."""
        self._escalate(self._process.request_finish)

    def kill(self) -> None:
        """Skip to the last step."""
        self._process.kill()

    def _escalate(self, request: Callable[[], None]) -> None:
        now = time.monotonic()
        if self._request != request:
            self._request, self._since, self._terminated = request, now, False
            request()
        elif now - self._since > settings.GRACE_SECONDS + KILL_SECONDS:
            self._process.kill()
        elif now - self._since > settings.GRACE_SECONDS and not self._terminated:
            self._terminated = True
            self._process.terminate()
