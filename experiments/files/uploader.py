"""Uploads the files of a running attempt to the object store, without delaying the training.

The folder on this machine is what the training writes; every few seconds what is new in it is stored. A store that does
not answer is tried again with growing pauses; only the end of the run waits for it, and not for long.
"""

from __future__ import annotations

import logging
import shutil
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from django.db import Error, connections

from runs import json_logging, recorder
from runs.failures.backoff import Backoff
from runs.failures.thread_failures import Account
from runs.files import store, stored_files
from runs.leases import Fenced
from runs.models import Run

logger = logging.getLogger(__name__)

ROUND_SECONDS = 10.0  # how old the stored train.log of a running training may be
LONGEST_PAUSE_SECONDS = 60.0
PATIENCE_SECONDS = 30.0  # how long a store that fails is tried again at the end
FINAL_SECONDS = 1800.0  # how long one that works may take for all that is left then
NOTE = "files_pending"
PENDING = (
    "Files of this run are not in the object store yet. They are kept in {folder} on the machine of worker {worker}, "
    "whose worker stores them as soon as it can: keep both. {problem}"
)


class Uploader(threading.Thread):
    """Uploads the files of one attempt; does nothing where files of runs lie in a shared folder.

    Of registered checkpoints, only the newest is pending.
    """

    def __init__(self, run: Run) -> None:
        super().__init__(name=f"uploader-{run.pk}", daemon=True)
        self._run = run
        self._account = Account("uploader")
        self._wake = threading.Event()
        self._ending = threading.Event()
        self._given_up = threading.Event()
        self._saved: Mapping[str, Any] | None = None  # columns of the newest registered checkpoint …
        self._stored: Mapping[str, Any] | None = None  # … and of the newest that is stored
        self._problem: str | None = None  # why the last round failed
        self._done = False
        self._fenced: Fenced | None = None

    def begin(self) -> None:
        """Mark the folder as this attempt's, and start. Raises OSError."""
        if store.in_use():
            stored_files.write_attempt_marker(self._run.folder, self._run.attempt)
            self.start()

    def checkpoint(self, columns: Mapping[str, Any]) -> None:
        """Queue a registered checkpoint, given as `columns` of the run; an older one that still waits is dropped."""
        self._saved = columns
        self._wake.set()

    def finish(self, hurry: Callable[[], bool]) -> None:
        """Store all that is left, then remove the folder; what cannot be stored is noted on the run, and stays.

        Stops waiting for a failing store once `hurry`. Raises Fenced.
        """
        if not self.ident:
            return
        until = time.monotonic() + FINAL_SECONDS
        self._end()
        while self.is_alive() and time.monotonic() < until and not (hurry() and self._problem):
            self.join(0.1)
        self._given_up.set()
        if self._fenced:
            raise self._fenced
        if self._done:
            shutil.rmtree(self._run.folder, ignore_errors=True)
            recorder.drop_note(self._run.pk, NOTE)
        else:
            problem = self._problem or "The store is too slow."
            text = PENDING.format(folder=self._run.folder, worker=self._run.worker, problem=problem)
            recorder.add_note(self._run.pk, NOTE, text)

    def hand_over(self, seconds: float) -> None:
        """Store what can be stored within `seconds`, as the run returns to the queue; the folder stays."""
        if self.ident:
            self._end()
            self.join(seconds)
            self._given_up.set()

    def stop(self) -> None:
        """End at once, because another worker has the run."""
        self._given_up.set()
        self._end()

    def _end(self) -> None:
        self._ending.set()
        self._wake.set()

    def run(self) -> None:
        """Upload round after round, until everything is stored at the end."""
        with json_logging.about(self._run.pk, self._run.attempt):
            try:
                self._work()
            except Fenced as error:
                self._fenced = error
            finally:
                connections.close_all()

    def _work(self) -> None:
        backoff, patient_until = Backoff(2 * ROUND_SECONDS, LONGEST_PAUSE_SECONDS), None
        while not (self._given_up.is_set() or self._done):
            ending = self._ending.is_set()
            if ending and patient_until is None:  # a store that was known to fail is tried once more, no longer
                patient_until = time.monotonic() + (0 if self._problem else PATIENCE_SECONDS)
            if succeeded := self._succeeds(ending):
                backoff.reset()
            pause = ROUND_SECONDS if succeeded else backoff.failed()
            if self._problem and patient_until is not None and time.monotonic() >= patient_until:
                return
            if ending:
                self._given_up.wait(1.0 if self._problem else 0)
            else:
                self._pause(pause)

    def _succeeds(self, ending: bool) -> bool:
        """Carry out one round; return whether everything that it should store is stored."""
        try:
            self._round(ending)
        except Fenced:
            raise
        except Exception as error:
            self._account.failed(f"storing files of run {self._run.pk}", error)
            connections.close_all()
            self._problem = str(error) if isinstance(error, OSError | Error) else f"{type(error).__name__}: {error}"
            return False
        self._account.succeeded(f"storing files of run {self._run.pk}")
        self._problem = None
        return True

    def _round(self, ending: bool) -> None:
        saved = self._saved
        if saved is not None and saved is not self._stored:
            self._store_checkpoint(saved)
            self._stored = saved
        stored_files.publish(self._run, Run.RUNNING, everything=ending)
        self._done = ending

    def _store_checkpoint(self, saved: Mapping[str, Any]) -> None:
        """Store a checkpoint's files, register that they are stored, then remove those no longer needed."""
        run, names = self._run, {saved["last_checkpoint"], saved["best_checkpoint"]} - {""}
        known = {file.name for file in stored_files.listed(run.pk)}
        for name in names - known:
            stored_files.publish_file(run, name, Run.RUNNING)
        known = {file.name for file in stored_files.listed(run.pk)}
        if not names <= known:
            return  # the training was faster and has removed it: a newer one is registered, or will be
        recorder.record(run.pk, run.attempt, [], columns={"stored_checkpoint": dict(saved)})
        obsolete = [name for name in known - names if name.endswith(stored_files.CHECKPOINT)]
        gone = [name for name in obsolete if not (run.folder / name).exists()]
        stored_files.remove_objects(stored_files.unregister(run.pk, gone))

    def _pause(self, seconds: float) -> None:
        """Wait for the next round; a new checkpoint ends the pause, unless the store fails."""
        self._wake.clear()
        if self._saved is not self._stored and not self._problem:
            return
        until = time.monotonic() + seconds
        while not self._ending.is_set() and (left := until - time.monotonic()) > 0:
            if self._wake.wait(left) and not self._problem:
                return
            self._wake.clear()
