"""Checks data sets one after the other, beside the trainings of a worker; every worker process runs one.

A thread, and no queue of Dramatiq's: the database is the queue anyway, a training's slot is left to trainings, and
the lease alone survives whatever kills this process. The work itself is done in a process of its own.
"""

from __future__ import annotations

import logging
import threading

from django.db import DatabaseError, connections

from experiments.datasets import checks, first_report, storage
from experiments.datasets.examination_process import ExaminationProcess, describe_end
from experiments.models import Dataset
from experiments.training.data.examination import Finding, Progress, Refusal, Task
from runs.leases import Fenced

logger = logging.getLogger(__name__)

LOOK_SECONDS = 0.5
TICK_SECONDS = 0.5


class Examiner(threading.Thread):
    """Looks for data sets to check until stopped; a database that does not answer is tried again."""

    def __init__(self) -> None:
        super().__init__(name="examiner", daemon=True)
        self._stopping = threading.Event()

    def stop(self) -> None:
        """A check under way goes back to those that wait."""
        self._stopping.set()
        self.join()

    def run(self) -> None:
        while not self._stopping.wait(LOOK_SECONDS):
            try:
                while not self._stopping.is_set() and examine_next(self._stopping):
                    pass
            except (DatabaseError, OSError):
                logger.exception("data sets could not be checked; trying again")
            finally:
                connections.close_all()


def examine_next(stopping: threading.Event) -> bool:
    """Check the data set that waits longest. False: none waits."""
    dataset = checks.claim()
    if dataset is None:
        return False
    try:
        if dataset.location.exists():
            _examine(dataset, stopping)
        else:
            checks.refuse(dataset, storage.GONE)
    except Fenced as error:  # it was deleted, perhaps
        logger.warning("%s; stopped here", error)
    return True


def task_of(dataset: Dataset) -> Task:
    """A registered path must still lie in a data root when it is opened."""
    roots = [str(root) for root in storage.roots_of(dataset)]
    return Task(path=str(dataset.location), roots=roots, sha256=dataset.sha256 or None)


def _examine(dataset: Dataset, stopping: threading.Event) -> None:
    with ExaminationProcess(task_of(dataset)) as process:
        for report in process.reports(TICK_SECONDS):
            if isinstance(report, Finding | Refusal):
                _conclude(dataset, report)
                return
            if stopping.is_set():
                checks.release(dataset)
                return
            checks.renew(dataset, report if isinstance(report, Progress) else None)
        checks.refuse(dataset, describe_end(process.close()))


def _conclude(dataset: Dataset, report: Finding | Refusal) -> None:
    """An upload that is refused is of no use to anybody, and does not keep its place on the disk."""
    if isinstance(report, Finding):
        checks.settle(dataset, report)
        if not report.problem:
            first_report.ask_for(dataset)
        logger.info("data set %s: version %s", dataset.name, report.content_hash)
    else:
        checks.refuse(dataset, report.message)
        logger.warning("data set %s refused: %s", dataset.name, report.message)
        if dataset.kind == Dataset.Kind.UPLOAD:
            storage.remove(dataset)
