"""Stores later what could not be stored at the time, and removes folders whose files are all in the object store.

Every worker process runs one where `LIVETRAIN_FILES` is set. Runs from before that setting are included.
"""

from __future__ import annotations

import logging
import shutil
import threading
from collections.abc import Callable, Mapping
from pathlib import Path

from django.conf import settings
from django.db import transaction

from experiments.files.uploader import NOTE
from experiments.periodic import Periodic
from runs import recorder
from runs.failures.each import each
from runs.files import stored_files
from runs.leases import Fenced
from runs.models import Run

logger = logging.getLogger(__name__)

INTERVAL_SECONDS = 30.0


class DeferredUploads(Periodic):
    """Uploads the remaining files of ended runs, at once and then periodically; only where there is a store."""

    def __init__(self) -> None:
        super().__init__("deferred-uploads", INTERVAL_SECONDS)

    def jobs(self) -> Mapping[str, Callable[[], object]]:
        """Return one pass over the folders of this machine."""
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
        logger.info("run %s: claimed again", run.pk, extra={"run_id": run.pk})


def _deliver(run: Run) -> None:
    """Store what this machine still has of a run, and remove its folder if the run has ended.

    The folder of a queued run stays: any machine may start it, preferably this one.
    """
    here = stored_files.read_attempt_marker(run.folder)
    if here == run.attempt:
        stored_files.publish(run, stored_files.NOT_RUNNING)
        recorder.drop_note(run.pk, NOTE)
    elif here is None and run.status in Run.ENDED:
        stored_files.publish_missing(run)
    elif any(note["code"] == NOTE for note in run.notes):
        return  # a later attempt's files are on another machine still
    if run.status in Run.ENDED:
        _remove_folder(run)


def _remove_folder(run: Run) -> None:
    """Remove the folder of an ended run, under the lock of its row so that nobody resumes it meanwhile."""
    with transaction.atomic():
        ended = Run.objects.select_for_update().filter(pk=run.pk, attempt=run.attempt, status__in=Run.ENDED)
        if ended.first() is not None:
            shutil.rmtree(run.folder, ignore_errors=True)
