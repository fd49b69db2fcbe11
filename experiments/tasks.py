"""The Dramatiq actor. A message only says that a run may be waiting; `lifecycle.claim` decides who gets it."""

from __future__ import annotations

import logging
import threading

import dramatiq
from django.conf import settings
from django.db import connections
from django.utils import timezone

from experiments import supervisor
from runs.models import Run

logger = logging.getLogger(__name__)

QUEUE = "train"
draining = threading.Event()
"""Set when this process shuts down: trainings stop after a batch and go back to the queue."""


@dramatiq.actor(queue_name=QUEUE, max_retries=0, time_limit=float("inf"))
def train(run_id: int) -> None:
    """Carry out a run. A run that another worker holds is looked at again when that lease would end:

    were the message just acknowledged, the run would be lost if its holder died.
    """
    try:
        if draining.is_set() or supervisor.supervise(run_id, draining=draining):
            return
        _look_again(run_id)
    except Exception:
        logger.exception(
            "run %s: supervisor failed; the run is recovered when its lease ends", run_id, extra={"run_id": run_id}
        )
    finally:
        connections.close_all()


def _look_again(run_id: int) -> None:
    """With the embedded broker the feeder looks anyway."""
    run = Run.objects.filter(pk=run_id, status__in=Run.RUNNING).first()
    if run is None or run.lease_until is None or settings.BROKER_EMBEDDED:
        return
    rest = max(0.0, (run.lease_until - timezone.now()).total_seconds())
    train.send_with_options(args=(run_id,), delay=int((rest + 1) * 1000))


def enqueue(run_id: int) -> bool:
    """Send the message; a broker out of reach is no failure, for the feeders of the workers look too."""
    try:
        train.send(run_id)
    except Exception:
        logger.warning(
            "run %s: broker out of reach; it waits in the database", run_id, exc_info=True, extra={"run_id": run_id}
        )
        return False
    return True
