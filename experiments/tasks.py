"""The Dramatiq actor. A message only wakes a slot; `lifecycle.claim_next` decides which run it gets."""

from __future__ import annotations

import logging
import threading

import dramatiq
from django.conf import settings
from django.db import DatabaseError, connections

from experiments import supervisor
from experiments.gpus import Gpus
from runs import clock, workers
from runs.models import Run
from runs.queue import startable

logger = logging.getLogger(__name__)

QUEUE = "train"
draining = threading.Event()
"""Set when this process shuts down: trainings stop after a batch and go back to the queue."""

gpus = Gpus()
"""Those of this process; the worker says which."""


@dramatiq.actor(queue_name=QUEUE, max_retries=0, time_limit=float("inf"))
def train(run_id: int) -> None:
    """Carry out what waits, in the order of the queue; `run_id` is only what the message was sent for.

    If nothing waits and another worker holds that run, it is looked at again when that lease would end: were the
    message just acknowledged, the run would be lost if its holder died.
    """
    try:
        if not (_work_off() or draining.is_set()):
            _look_again(run_id)
    except Exception:
        logger.exception(
            "run %s: supervisor failed; the run is recovered when its lease ends", run_id, extra={"run_id": run_id}
        )
    finally:
        connections.close_all()


def _work_off() -> bool:
    """Run after run until none is left for this slot; whether there was one."""
    worked = False
    while not draining.is_set() and supervisor.supervise(draining=draining, gpus=gpus):
        worked = True
        wake_idle(beside_this=not draining.is_set())
    return worked


def wake_idle(*, beside_this: bool = False) -> None:
    """A run has ended or came back: what could not be started before, for want of GPUs or by the limit per user, may.

    Sends what idle slots may start, those of other workers too, and no more, for a message that finds no slot stays
    in the broker. `beside_this`: the slot that calls looks for itself.
    """
    if settings.BROKER_EMBEDDED:
        return  # the feeders look all the time
    try:
        idle = workers.load().free - int(beside_this)
        for run_id in startable().values_list("pk", flat=True)[: max(0, idle)]:
            if not enqueue(run_id):
                return
    except DatabaseError:
        logger.exception("idle slots were not woken; their feeders will")


def _look_again(run_id: int) -> None:
    """With the embedded broker the feeder looks anyway."""
    run = Run.objects.filter(pk=run_id, status__in=Run.RUNNING).first()
    if run is None or run.lease_until is None or settings.BROKER_EMBEDDED:
        return
    rest = (run.lease_until - clock.now()).total_seconds()
    rest = min(max(0.0, rest), settings.LEASE_SECONDS)  # longer where the clock was set back since
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
