"""Stores later what could not be stored when it arose, and lets folders go whose files are all in the object store.

Every worker process runs one where `LIVETRAIN_FILES` is set. It also takes along the runs of before that.
"""

from __future__ import annotations

import logging
import shutil
import threading
from collections.abc import Callable, Mapping
from pathlib import Path

from django.conf import settings
from django.db import transaction

from experiments.periodic import Periodic
from experiments.publisher import NOTE
from runs import recorder, stored_files
from runs.each import each
from runs.leases import Fenced
from runs.models import Run

logger = logging.getLogger(__name__)

INTERVAL_SECONDS = 30.0


class DeferredUploads(Periodic):
    """Looks at once and then periodically; for workers where there is a store."""

    def __init__(self) -> None:
        super().__init__("deferred-uploads", INTERVAL_SECONDS)

    def jobs(self) -> Mapping[str, Callable[[], object]]:
        return {"storing files of ended runs": lambda: run_once(self.stopping)}


def run_once(stopped: threading.Event | None = None) -> None:
    """Go through this machine's folders once; a run that fails stops no other. Raises what the first one raised."""
    root = Path(settings.RUNS_ROOT)
    numbers = [int(path.name) for path in root.iterdir() if path.name.isdecimal()] if root.is_dir() else []

    def unless_stopped(run: Run) -> None:
        if stopped is None or not stopped.is_set():
            _deliver_unless_fenced(run)

    runs = Run.objects.filter(pk__in=numbers, status__in=stored_files.NOT_RUNNING).order_by("pk")
    for _ in each(unless_stopped, runs):
        pass


def _deliver_unless_fenced(run: Run) -> None:
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
        _remove_folder(run)


def _remove_folder(run: Run) -> None:
    """Under the lock of the row, so that nobody takes the run up again meanwhile."""
    with transaction.atomic():
        ended = Run.objects.select_for_update().filter(pk=run.pk, attempt=run.attempt, status__in=Run.ENDED)
        if ended.first() is not None:
            shutil.rmtree(run.folder, ignore_errors=True)
