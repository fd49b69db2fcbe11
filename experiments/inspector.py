"""Makes the pre-flight reports that were asked for: claim one, follow its process, store how it ended.

A thread of each worker process looks for them in the database. They need no broker: a report takes seconds, must not
wait behind trainings for a thread of Dramatiq's, and a Dramatiq worker with threads of their own would be the second
one in its process, which Dramatiq forbids.
"""

from __future__ import annotations

import logging
import os
import shutil
import socket
import threading
import time

from django.db import DatabaseError, connections

from experiments import preflight_store, reasons
from experiments.datasets import lookup
from experiments.jobs import job
from experiments.models import Preflight
from experiments.process import ProtocolError, Received, TrainingProcess, describe_exit
from experiments.supervisor import SILENCE_SECONDS, TICK_SECONDS
from experiments.training.data.errors import SourceError
from experiments.training.reports import Examined, Job, Note, Outcome
from runs.recorder import Fenced

logger = logging.getLogger(__name__)

RECIPE = "experiments.training.preflight.dry_run"
RENEW_SECONDS = 1.0
LOOK_SECONDS = 0.3
PROGRESS_LENGTH = 200


class Inspector(threading.Thread):
    """Makes one report after the other until it is stopped, or this process drains."""

    def __init__(self, draining: threading.Event) -> None:
        super().__init__(name="inspector", daemon=True)
        self._draining = draining
        self._stopped = threading.Event()

    def stop(self) -> None:
        """A report in the making goes back to the queue if this process drains."""
        self._stopped.set()
        self.join()

    def run(self) -> None:
        """A report that breaks the thread's work is recovered when its lease ends; the thread goes on."""
        while not (self._stopped.wait(LOOK_SECONDS) or self._draining.is_set()):
            try:
                if (pk := preflight_store.first_queued()) is not None:
                    make(pk, draining=self._draining)
            except DatabaseError:
                logger.exception("queued pre-flight reports could not be looked for or stored")
            except Exception:
                logger.exception("a pre-flight report failed; it is recovered when its lease ends")
            finally:
                connections.close_all()


def make(pk: int, *, draining: threading.Event) -> bool:
    """Make a queued report, or give it back when `draining` is set. False: it was not to be had."""
    claimed = preflight_store.claim(pk, f"{socket.gethostname()}:{os.getpid()}")
    if claimed is None:
        return False
    try:
        Inspection(claimed, draining).carry_out()
    except Fenced as error:
        logger.warning("%s; stopped here", error)
    return True


class Inspection:
    """One attempt at one report, from the start of its process to the end of its row."""

    def __init__(self, preflight: Preflight, draining: threading.Event) -> None:
        self._preflight, self._draining = preflight, draining
        self._renewed = self._heard = time.monotonic()
        self._progress = ""
        self._examined: Examined | None = None
        self._outcome: Outcome | None = None
        self._trouble: str | None = None  # why we stopped the process ourselves

    def carry_out(self) -> None:
        """Raises Fenced when it belongs to somebody else now; its process is gone then."""
        try:
            process = TrainingProcess(job_of(self._preflight), recipe=RECIPE)
        except SourceError as error:
            preflight_store.fail(self._preflight.pk, self._preflight.attempt, error.message)
            return
        except OSError as error:
            preflight_store.fail(
                self._preflight.pk,
                self._preflight.attempt,
                f"The process could not be started: {reasons.what_failed(error)}",
            )
            return
        try:
            for batch in process.batches(TICK_SECONDS):
                self._step(process, batch)
        except ProtocolError as error:
            self._trouble = f"The process sent something that is no message: {error}"
        finally:
            code = process.close()
        self._settle(describe_exit(code, process.lost_rank))

    def _step(self, process: TrainingProcess, batch: list[Received] | None) -> None:
        now = time.monotonic()
        if batch is not None:
            self._heard = now
        elif now - self._heard > SILENCE_SECONDS:
            self._trouble = f"The process gave no sign of life for {SILENCE_SECONDS:.0f} seconds."
            process.kill()
        for message, _, _ in batch or ():
            if isinstance(message, Note):
                self._progress = message.text[:PROGRESS_LENGTH]
            elif isinstance(message, Examined):
                self._examined = message
            elif isinstance(message, Outcome):
                self._outcome = message
        if self._draining.is_set():
            process.kill()  # it has done nothing that is worth keeping
        elif batch or now - self._renewed > RENEW_SECONDS:
            self._renewed = now
            preflight_store.renew(self._preflight.pk, self._preflight.attempt, progress=self._progress)

    def _settle(self, exit_: str) -> None:
        """The end is what the process said last, never its exit code."""
        pk, attempt = self._preflight.pk, self._preflight.attempt
        if self._outcome and self._outcome.status == "completed" and self._examined:
            preflight_store.finish(pk, attempt, self._examined.report)
            shutil.rmtree(self._preflight.folder, ignore_errors=True)
        elif self._outcome and self._outcome.status == "failed":
            preflight_store.fail(pk, attempt, self._outcome.reason or "The report could not be made.")
        elif self._draining.is_set():
            preflight_store.release(pk, attempt)
        else:
            preflight_store.fail(pk, attempt, self._trouble or exit_)


def job_of(preflight: Preflight) -> Job:
    """What the process needs to know; raises SourceError where its data set is gone."""
    place = lookup.locate(preflight.config["source_path"])
    return job(place, config=preflight.config, folder=preflight.folder, run_id=preflight.pk, attempt=preflight.attempt)
