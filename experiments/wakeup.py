"""Sends messages that wake workers, naming the actor only: a sender needs nothing of what a worker loads."""

from __future__ import annotations

import logging

import dramatiq
from django.conf import settings
from django.db import Error

from runs.queue import startable
from runs.scheduling import workers

logger = logging.getLogger(__name__)

QUEUE = "train"
ACTOR = "train"


def enqueue(run_id: int) -> bool:
    """Send the message; an unreachable broker is no failure, as the workers' feeders look too. False: not sent."""
    message: dramatiq.Message[None] = dramatiq.Message(
        queue_name=QUEUE, actor_name=ACTOR, args=(run_id,), kwargs={}, options={}
    )
    try:
        dramatiq.get_broker().enqueue(message)
    except Exception:
        logger.warning(
            "run %s: broker out of reach; it waits in the database", run_id, exc_info=True, extra={"run_id": run_id}
        )
        return False
    return True


def wake_idle(*, beside_this: bool = False) -> None:
    """Wake idle slots: a run has ended or returned, so one that could not be started before may start now.

    It waited for GPUs, or by the limit per user. Sends what idle slots may start, those of other workers too, and no
    more, because a message that finds no slot stays in the broker. `beside_this`: the slot that calls looks for itself.
    """
    if settings.BROKER_EMBEDDED:
        return  # the feeders look all the time
    try:
        idle = workers.load().free - int(beside_this)
        for run_id in startable().values_list("pk", flat=True)[: max(0, idle)]:
            if not enqueue(run_id):
                return
    except Error:
        logger.exception("idle slots were not woken; their feeders will")
