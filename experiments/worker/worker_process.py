"""A worker process: a Dramatiq worker with one thread per slot, and threads of its own for what needs no broker.

These are its heartbeat, a feeder, maintenance, checks of data sets, pre-flight reports, jobs on models and, with an
object store, deferred uploads. Imports no torch.
"""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

import dramatiq
from django.conf import settings

from experiments import wakeup
from experiments.datasets.check_thread import CheckThread
from experiments.files.deferred_uploads import DeferredUploads
from experiments.model_jobs.worker_thread import model_job_threads
from experiments.periodic import Periodic, stop_all
from experiments.preflights import initial_preflight
from experiments.preflights.worker_thread import preflight_threads
from experiments.processes import fork_server, metric_listing
from experiments.worker import stale_sockets, tasks
from experiments.worker.feeder import Feeder
from experiments.worker.heartbeat import Heartbeat
from experiments.worker.maintenance import Maintenance
from runs.files import store

logger = logging.getLogger(__name__)


def work(slots: int, gpus: Sequence[str] = ()) -> None:
    """Run trainings until SIGTERM or SIGINT, then drain: trainings stop after a batch and return to the queue.

    Each has its share of `gpus` to itself; without any, trainings see what this process sees.
    """
    tasks.gpus.offer(gpus)
    stopping = threading.Event()

    def _stop(_number: int, _frame: FrameType | None) -> None:
        tasks.draining.set()
        stopping.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _stop)
    stale_sockets.remove_stale_sockets()
    fork_server.check_installed()
    fork_server.own.share(Path(settings.LIVETRAIN_HOME) / "fork-servers")
    metric_listing.bring_up_to_date()
    if settings.FORK_SERVER_IDLE_SECONDS:
        fork_server.own.end_if_idle(0)  # a list of metrics needed it; who waits for a run does not
    else:
        fork_server.warm_up()
    broker = dramatiq.get_broker()
    broker.emit_after("process_boot")
    worker = dramatiq.Worker(broker, queues={wakeup.QUEUE}, worker_threads=slots, worker_timeout=100)
    worker.queue_prefetch = slots  # more would hoard queued runs that another worker could start
    residents = _residents(slots, gpus)
    if not stopping.is_set():
        for resident in residents:
            resident.start()
        worker.start()
        logger.info("worker ready: %d slot%s, %d GPUs", slots, "" if slots == 1 else "s", len(gpus))
        stopping.wait()
        logger.info("worker stopping: trainings return to the queue")
        stop_all(residents)
        worker.stop(timeout=int((settings.GRACE_SECONDS + 10) * 1000))
    broker.close()
    fork_server.own.close()
    stale_sockets.remove_stale_sockets()


def _residents(slots: int, gpus: Sequence[str]) -> list[Periodic]:
    """Create the threads that last as long as this process."""
    found: list[Periodic] = [
        Heartbeat(slots, gpus),
        Feeder(slots),
        *preflight_threads(tasks.draining),
        *model_job_threads(tasks.draining),
        Maintenance(),
        CheckThread(on_checked=initial_preflight.request),
    ]
    return [*found, DeferredUploads()] if store.in_use() else found
