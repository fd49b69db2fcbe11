"""This server process's one pool of processes that keep models."""

from __future__ import annotations

import functools
import logging

from django.conf import settings

from experiments.predictions.process_pool import Kept, ProcessPool
from experiments.processes import prediction_process

logger = logging.getLogger(__name__)

MODULE = prediction_process.MODULE


@functools.cache
def process_pool() -> ProcessPool:
    """Return the pool; it starts nothing before it is asked."""
    return ProcessPool(settings.PREDICT_PROCESSES, settings.PREDICT_IDLE_SECONDS, MODULE)


def warm_up(run_id: int, user_id: int) -> None:
    """Have torch imported for somebody who looks at the page, so that their first prediction waits less."""
    try:
        process_pool().prepare(Kept(run_id, user_id))
    except OSError:
        logger.exception("no process for predictions could be started; it is tried again when one is needed")
