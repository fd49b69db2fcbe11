"""A worker process: a Dramatiq worker with one thread per slot, and threads of its own for what needs no broker.

These are its attendance, a feeder, a reaper, an examiner of data sets, an inspector for pre-flight reports and, with an
object store, a backlog. Imports no torch.
"""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Sequence
from types import FrameType

import dramatiq
from django.conf import settings
from django.db import DatabaseError, connections

from experiments import process, sweep, tasks
from experiments.attendance import Attendance
from experiments.backlog import Backlog
from experiments.datasets.examiner import Examiner
from experiments.inspector import Inspector
from experiments.reaper import Reaper
from runs.queue import startable

logger = logging.getLogger(__name__)

FEED_SECONDS = 0.2
SAFETY_NET_SECONDS = 15.0  # with a real broker: how long a queued run waits before it is sent once more


class Feeder(threading.Thread):
    """Sends queued runs to this process's broker: its only source when embedded, the safety net beside a real one."""

    def __init__(self, slots: int) -> None:
        super().__init__(name="feeder", daemon=True)
        self._slots = slots
        self._embedded = settings.BROKER_EMBEDDED
        self._stopped = threading.Event()

    def stop(self) -> None:
        self._stopped.set()
        self.join()

    def run(self) -> None:
        while not self._stopped.wait(FEED_SECONDS if self._embedded else SAFETY_NET_SECONDS):
            try:
                self._feed()
            except DatabaseError:
                logger.exception("queued runs could not be looked for")
                connections.close_all()
        connections.close_all()

    def _feed(self) -> None:
        """Embedded, no more than free slots: what lies in this process's memory is out of other workers' reach."""
        room = self._slots
        if self._embedded:
            queue = dramatiq.get_broker().queues[tasks.QUEUE]
            room -= queue.unfinished_tasks
        if room > 0:
            for run_id in startable().values_list("pk", flat=True)[:room]:
                tasks.enqueue(run_id)


def work(slots: int, gpus: Sequence[str] = ()) -> None:
    """Run trainings until SIGTERM or SIGINT, then drain: trainings stop after a batch and go back to the queue.

    Each has its share of `gpus` to itself; without any, trainings see what this process sees.
    """
    tasks.gpus.offer(gpus)
    stopping = threading.Event()

    def _stop(_number: int, _frame: FrameType | None) -> None:
        tasks.draining.set()
        stopping.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _stop)
    sweep.remove_dead_sockets()
    process.warm_up()  # before the first claim: loading takes longer than a lease may
    broker = dramatiq.get_broker()
    broker.emit_after("process_boot")
    worker = dramatiq.Worker(broker, queues={tasks.QUEUE}, worker_threads=slots, worker_timeout=100)
    worker.queue_prefetch = slots  # more would hoard queued runs that another worker could start
    feeder, reaper, examiner, inspector = Feeder(slots), Reaper(), Examiner(), Inspector(tasks.draining)
    attendance = Attendance(slots, gpus)
    backlog = Backlog()
    if not stopping.is_set():
        attendance.start()
        worker.start()
        feeder.start()
        inspector.start()
        reaper.start()
        examiner.start()
        backlog.begin()
        logger.info("worker ready: %d slot%s, %d GPUs", slots, "" if slots == 1 else "s", len(gpus))
        stopping.wait()
        logger.info("worker stopping: trainings go back to the queue")
        attendance.stop()
        feeder.stop()
        backlog.stop()
        reaper.stop()
        examiner.stop()
        inspector.stop()
        worker.stop(timeout=int((settings.GRACE_SECONDS + 10) * 1000))
    broker.close()
    sweep.remove_dead_sockets()
