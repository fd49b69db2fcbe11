"""Stores later what could not be stored when it arose, and lets folders go whose files are all in the object store.

Every worker process runs one where `LIVETRAIN_FILES` is set. It also takes along the runs of before that.
"""

from __future__ import annotations

import logging
import shutil
import threading
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError, connections, transaction

from experiments.publisher import NOTE
from runs import recorder, store, stored_files
from runs.leases import Fenced
from runs.models import Run

logger = logging.getLogger(__name__)

INTERVAL_SECONDS = 30.0


class Backlog(threading.Thread):
    """Looks at once and then periodically; a store or database that does not answer is tried again."""

    def __init__(self) -> None:
        super().__init__(name="backlog", daemon=True)
        self._stopped = threading.Event()

    def begin(self) -> None:
        """Only where there is a store."""
        if store.in_use():
            self.start()

    def stop(self) -> None:
        self._stopped.set()

    def run(self) -> None:
        while True:
            try:
                work_off(self._stopped)
            except (OSError, DatabaseError) as error:
                logger.warning("files of ended runs not stored: %s", error)
            finally:
                connections.close_all()
            if self._stopped.wait(INTERVAL_SECONDS):
                return


def work_off(stopped: threading.Event | None = None) -> None:
    """Go through this machine's folders once. Raises StoreError, OSError."""
    root = Path(settings.RUNS_ROOT)
    numbers = [int(path.name) for path in root.iterdir() if path.name.isdecimal()] if root.is_dir() else []
    for run in Run.objects.filter(pk__in=numbers, status__in=stored_files.NOT_RUNNING).order_by("pk"):
        if stopped is not None and stopped.is_set():
            return
        try:
            _deliver(run)
        except Fenced:
            logger.info("run %s: taken up again", run.pk, extra={"run_id": run.pk})


def _deliver(run: Run) -> None:
    """A queued run may be taken up by any machine, best by this one: its folder stays."""
    here = stored_files.attempt_here(run.folder)
    if here == run.attempt:
        stored_files.publish(run, stored_files.NOT_RUNNING)
        recorder.drop_note(run.pk, NOTE)
    elif here is None and run.status in Run.ENDED:
        stored_files.adopt(run)
    elif any(note["code"] == NOTE for note in run.notes):
        return  # a later attempt's files are on another machine still
    if run.status in Run.ENDED:
        _let_go(run)


def _let_go(run: Run) -> None:
    """Under the lock of the row, so that nobody takes the run up again meanwhile."""
    with transaction.atomic():
        ended = Run.objects.select_for_update().filter(pk=run.pk, attempt=run.attempt, status__in=Run.ENDED)
        if ended.first() is not None:
            shutil.rmtree(run.folder, ignore_errors=True)
