"""The Dramatiq actor. A message only wakes a slot; `lifecycle.claim_next` decides which run it gets."""

from __future__ import annotations

import logging
import threading

import dramatiq
from django.conf import settings
from django.db import connections

from experiments import wakeup
from experiments.processes.gpus import Gpus
from experiments.supervision import supervisor
from runs import clock
from runs.models import Run

logger = logging.getLogger(__name__)

draining = threading.Event()
"""Set when this process shuts down: trainings stop after a batch and go back to the queue."""

gpus = Gpus()
"""The GPUs of this process, set by the worker."""


@dramatiq.actor(actor_name=wakeup.ACTOR, queue_name=wakeup.QUEUE, max_retries=0, time_limit=float("inf"))
def train(run_id: int) -> None:
    """Carry out what waits, in the order of the queue; `run_id` is only what the message was sent for.

    If nothing waits and another worker holds that run, the message is sent again for when that lease ends: if it were
    just acknowledged, the run would be lost if its holder died.
    """
    try:
        if not (_run_queued() or draining.is_set()):
            _retry_after_lease(run_id)
    except Exception:
        logger.exception(
            "run %s: supervisor failed; the run is recovered when its lease ends", run_id, extra={"run_id": run_id}
        )
    finally:
        connections.close_all()


def _run_queued() -> bool:
    """Carry out run after run until none is left for this slot; return whether there was one."""
    worked = False
    while not draining.is_set() and supervisor.supervise(draining=draining, gpus=gpus):
        worked = True
        wakeup.wake_idle(beside_this=not draining.is_set())
    return worked


def _retry_after_lease(run_id: int) -> None:
    """Send the message again for when the run's lease ends; with the embedded broker the feeder does that."""
    run = Run.objects.filter(pk=run_id, status__in=Run.RUNNING).first()
    if run is None or run.lease_until is None or settings.BROKER_EMBEDDED:
        return
    rest = (run.lease_until - clock.now()).total_seconds()
    rest = min(max(0.0, rest), settings.LEASE_SECONDS)  # it would be longer where the clock was set back since
    train.send_with_options(args=(run_id,), delay=int((rest + 1) * 1000))
