"""Sends messages that wake workers, naming the actor only: a sender needs nothing of what a worker loads.

With a broker between processes these are its messages. With the embedded one, a datagram has the feeders of this
machine's workers look at the database at once, not only when their pause is over.
"""

from __future__ import annotations

import logging
from pathlib import Path

import dramatiq
from django.conf import settings
from django.db import Error

from realtime.hubs import local_sockets
from runs.queue import startable
from runs.scheduling import workers

logger = logging.getLogger(__name__)

QUEUE = "train"
ACTOR = "train"
LOOK, SOON = b"look", b"soon"
"""What a worker is told with the embedded broker: a run may be started, or is asked for and will soon be queued."""


def folder() -> Path:
    """Return where workers with the embedded broker listen."""
    return Path(settings.LIVETRAIN_HOME, "wakeups")


def announce(run_id: int) -> None:
    """Wake a worker for a run that was queued just now, in a transaction that is over."""
    if settings.BROKER_EMBEDDED:
        wake_feeders()
    else:
        enqueue(run_id)


def announce_request() -> None:
    """Tell a worker that a run is asked for: it may prepare its start while the request is still checked."""
    if settings.BROKER_EMBEDDED:
        local_sockets.send(folder(), SOON)


def wake_feeders() -> None:
    """Have the feeders of this machine's workers look now; one that this does not reach looks a moment later."""
    local_sockets.send(folder(), LOOK)


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
        wake_feeders()
        return
    try:
        idle = workers.load().free - int(beside_this)
        for run_id in startable().values_list("pk", flat=True)[: max(0, idle)]:
            if not enqueue(run_id):
                return
    except Error:
        logger.exception("idle slots were not woken; their feeders will")
