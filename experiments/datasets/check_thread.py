"""Checks data sets one after the other, beside the trainings of a worker; every worker process runs one thread.

It uses no queue of Dramatiq: the database is the queue anyway, a training's slot is left to trainings, and the lease
alone survives whatever kills this process. The work itself is done in a separate process.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping

from experiments.datasets import checks, storage
from experiments.datasets.check_process import CheckProcess, describe_end
from experiments.models import Dataset
from experiments.periodic import Periodic
from experiments.training.contract.check_reports import Finding, Progress, Refusal, Task
from runs.leases import Fenced

logger = logging.getLogger(__name__)

LOOK_SECONDS = 0.5
TICK_SECONDS = 0.5


class CheckThread(Periodic):
    """Checks all waiting data sets until stopped; a check under way is then returned to those that wait."""

    def __init__(self, on_checked: Callable[[Dataset], None]) -> None:
        """Pass each data set that may be trained on to `on_checked`, once its check has ended."""
        super().__init__("dataset-checks", LOOK_SECONDS, keeps_connections=True)
        self._on_checked = on_checked

    def jobs(self) -> Mapping[str, Callable[[], object]]:
        """Return the check of all waiting data sets."""
        return {"checking data sets": self._check_all}

    def _check_all(self) -> None:
        while not self.stopping.is_set() and check_next(self.stopping, self._on_checked):
            pass


def check_next(stopping: threading.Event, on_checked: Callable[[Dataset], None]) -> bool:
    """Check the data set that waits longest. False: none waits."""
    dataset = checks.claim()
    if dataset is None:
        return False
    try:
        if dataset.location.exists():
            _check(dataset, stopping, on_checked)
        else:
            checks.refuse(dataset, storage.GONE)
    except Fenced as error:  # it was deleted, perhaps
        logger.warning("%s; stopped here", error)
    return True


def task_of(dataset: Dataset) -> Task:
    """Return the task of the check process; a registered path must still lie in a data root when it is opened."""
    roots = [str(root) for root in storage.roots_of(dataset)]
    return Task(path=str(dataset.location), roots=roots, sha256=dataset.sha256 or None)


def _check(dataset: Dataset, stopping: threading.Event, on_checked: Callable[[Dataset], None]) -> None:
    with CheckProcess(task_of(dataset)) as process:
        for report in process.reports(TICK_SECONDS):
            if isinstance(report, Finding | Refusal):
                _conclude(dataset, report, on_checked)
                return
            if stopping.is_set():
                checks.release(dataset)
                return
            checks.renew(dataset, report if isinstance(report, Progress) else None)
        checks.refuse(dataset, describe_end(process.close()))


def _conclude(dataset: Dataset, report: Finding | Refusal, on_checked: Callable[[Dataset], None]) -> None:
    """Store the result of a check; the files of a refused upload are removed, as nobody can use them."""
    if isinstance(report, Finding):
        checks.accept(dataset, report)
        if not report.problem:
            on_checked(dataset)
        logger.info("data set %s: version %s", dataset.name, report.content_hash)
    else:
        checks.refuse(dataset, report.message)
        logger.warning("data set %s refused: %s", dataset.name, report.message)
        if dataset.kind == Dataset.Kind.UPLOAD:
            storage.remove(dataset)
