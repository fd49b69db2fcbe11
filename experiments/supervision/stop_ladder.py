"""Makes a training stop: by a request, by SIGTERM after the grace period, and by SIGKILL soon after that."""

from __future__ import annotations

import time
from collections.abc import Callable

from django.conf import settings

from experiments.processes.training_process import TrainingProcess

KILL_SECONDS = 2.0  # between SIGTERM and SIGKILL


class StopLadder:
    """The stop requested of one process, and its present step; another request begins at the first step again."""

    def __init__(self, process: TrainingProcess) -> None:
        self._process = process
        self._request: Callable[[], None] | None = None
        self._since = 0.0  # monotonic time of the request
        self._terminated = False

    def stop(self) -> None:
        """Escalate a stop after the current batch; called periodically."""
        self._escalate(self._process.request_stop)

    def finish(self) -> None:
        """Escalate a stop of training after the current batch, followed by evaluation; called periodically."""
        self._escalate(self._process.request_finish)

    def kill(self) -> None:
        """Kill the process at once, without the earlier steps."""
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
