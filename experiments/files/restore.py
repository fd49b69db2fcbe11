"""Restores a run's folder on this machine from the object store before an attempt begins."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from runs import recorder
from runs.derived_models import StoredFile
from runs.failures.backoff import Backoff
from runs.files import store, stored_files
from runs.files.store import StoreError
from runs.models import Run
from runs.wording.epoch_number import epoch_number

logger = logging.getLogger(__name__)

PATIENCE_SECONDS = 600.0  # how long a store that fails is tried again
LONGEST_PAUSE_SECONDS = 30.0
NOTE = "checkpoint_behind"
BEHIND = (
    "Attempt {attempt} went on from {where}: the checkpoint of epoch {epoch} is not in the object store, "
    "and the machine that has it is another."
)


class RestoreAbandoned(Exception):
    """Something else is more urgent than waiting for the store."""


def restore_run_files(run: Run, urgent: Callable[[], bool] = lambda: False) -> None:
    """Fetch and check the files; `run` then has the newest checkpoint that is available here.

    Does nothing where files of runs lie in a shared folder. Raises RestoreAbandoned once `urgent`, StoreError when the
    store has failed for too long, Fenced, OSError.
    """
    if not store.in_use():
        return
    until, backoff = time.monotonic() + PATIENCE_SECONDS, Backoff(1.0, LONGEST_PAUSE_SECONDS)
    while True:
        try:
            _fetch(run)
            break
        except StoreError as error:
            logger.warning("run %s: %s", run.pk, error)
            if time.monotonic() > until:
                raise
            _wait(backoff.failed(), urgent)
    _fall_back_to_stored_checkpoint(run)


def fetch_copy(run: Run) -> bool:
    """Fetch the files for a further machine of a running attempt. False: the folder is shared, not its own."""
    if not store.in_use() or stored_files.read_attempt_marker(run.folder) == run.attempt:
        return False
    _fetch(run)
    stored_files.write_attempt_marker(run.folder, 0)
    return True


def _wait(seconds: float, urgent: Callable[[], bool]) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if urgent():
            raise RestoreAbandoned
        threading.Event().wait(0.1)


def _fetch(run: Run) -> None:
    """Fetch all stored files, or only missing checkpoints if this machine wrote the newest files itself."""
    rows = list(StoredFile.objects.filter(run=run))
    newest, here = max((row.attempt for row in rows), default=0), stored_files.read_attempt_marker(run.folder) or 0
    stored = run.stored_checkpoint or {}
    needed = {run.last_checkpoint, run.best_checkpoint, stored.get("last_checkpoint"), stored.get("best_checkpoint")}
    for row in rows:
        if newest > here or (row.name in needed and not (run.folder / row.name).is_file()):
            stored_files.restore(row, run.folder)


def _fall_back_to_stored_checkpoint(run: Run) -> None:
    """Register the newest checkpoint that is available, and note it if that is not the run's last one.

    A machine that is gone may have registered a checkpoint that it had not stored yet.
    """
    own = {name: getattr(run, name) for name in ("last_checkpoint", "best_checkpoint")}
    if not run.last_checkpoint or _are_here(run, own):
        return
    epoch, stored = run.last_checkpoint_epoch, run.stored_checkpoint
    usable = stored if stored and _are_here(run, stored) else None
    where = f"epoch {epoch_number(usable['last_checkpoint_epoch'])}" if usable else "the beginning"
    columns = usable or {
        "last_checkpoint": "",
        "last_checkpoint_epoch": None,
        "last_checkpoint_step": None,
        "best_checkpoint": "",
    }
    text = BEHIND.format(attempt=run.attempt, where=where, epoch="–" if epoch is None else epoch_number(epoch))
    note = {"code": f"{NOTE}_{run.attempt}", "text": text}
    recorder.record(run.pk, run.attempt, [], columns=columns, notes=[note])
    run.refresh_from_db()


def _are_here(run: Run, columns: dict[str, str]) -> bool:
    names = filter(None, (columns["last_checkpoint"], columns["best_checkpoint"]))
    return all((run.folder / name).is_file() for name in names)
