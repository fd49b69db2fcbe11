"""Retries writes that must not be lost, for as long as the database fails."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import TypeVar

from django.conf import settings
from django.db import Error, connections

from experiments.supervision.event_buffer import FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS
from runs.failures.backoff import Backoff

logger = logging.getLogger(__name__)

T = TypeVar("T")


class DatabaseRetry:
    """Retries the writes of one attempt; a worker that shuts down gives up after the grace period."""

    def __init__(self, run_id: int, *, draining: threading.Event, lost: threading.Event) -> None:
        """Give up as soon as `lost` is set: another worker has the run."""
        self._run_id, self._draining, self._lost = run_id, draining, lost

    def write(self, write: Callable[[], T]) -> T:
        """Call `write` until it succeeds, with growing pauses. Raises the database's error when it gives up."""
        backoff, draining_since = Backoff(FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS), None
        while True:
            try:
                return write()
            except Error:
                now = time.monotonic()
                draining_since = draining_since or (now if self._draining.is_set() else None)
                if self._lost.is_set() or (draining_since and now - draining_since > settings.GRACE_SECONDS):
                    raise
                pause = backoff.failed()
                logger.exception("run %s: not stored, trying again in %.1f s", self._run_id, pause)
                connections.close_all()
                time.sleep(pause)
