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
from collections.abc import Callable, Mapping

from experiments.datasets import lookup
from experiments.models import Preflight
from experiments.periodic import Periodic
from experiments.preflights import state
from experiments.processes.followed_process import End, FollowedProcess
from experiments.processes.training_process import Received, TrainingProcess
from experiments.supervision import end_messages
from experiments.supervision.build_job import job
from experiments.training.contract.reports import Job, Note, PreflightReady
from experiments.training.contract.source_errors import SourceError
from runs.leases import Fenced
from runs.stored_config import StoredConfig

logger = logging.getLogger(__name__)

RECIPE = "experiments.training.recipes.dry_run"
RENEW_SECONDS = 1.0
LOOK_SECONDS = 0.3
PROGRESS_LENGTH = 200


class PreflightThread(Periodic):
    """Makes one report after the other until it is stopped, or this process drains.

    A report that breaks the thread's work is recovered when its lease ends.
    """

    def __init__(self, draining: threading.Event) -> None:
        super().__init__("preflights", LOOK_SECONDS)
        self._draining = draining

    def jobs(self) -> Mapping[str, Callable[[], object]]:
        """Return the making of the next report."""
        return {"making pre-flight reports": self._make_next}

    def _make_next(self) -> None:
        """Make the next report; one under way is returned to the queue if this process drains."""
        if not self._draining.is_set() and (pk := state.first_queued()) is not None:
            make(pk, draining=self._draining)


def make(pk: int, *, draining: threading.Event) -> bool:
    """Make a queued report, or return it to the queue when `draining` is set. False: it could not be claimed."""
    claimed = state.claim(pk, f"{socket.gethostname()}:{os.getpid()}")
    if claimed is None:
        return False
    try:
        PreflightAttempt(claimed, draining).carry_out()
    except Fenced as error:
        logger.warning("%s; stopped here", error)
    return True


class PreflightAttempt:
    """One attempt at one report, from the start of its process to the end of its row."""

    def __init__(self, preflight: Preflight, draining: threading.Event) -> None:
        self._preflight, self._draining = preflight, draining
        self._renewed = time.monotonic()
        self._progress = ""
        self._examined: PreflightReady | None = None

    def carry_out(self) -> None:
        """Make the report. Raises Fenced when another worker has it; its process is gone then."""
        try:
            process = TrainingProcess(job_of(self._preflight), recipe=RECIPE)
        except SourceError as error:
            state.fail(self._preflight.pk, self._preflight.attempt, error.message)
            return
        except OSError as error:
            state.fail(
                self._preflight.pk,
                self._preflight.attempt,
                f"The process could not be started: {end_messages.what_failed(error)}",
            )
            return
        # One that drains kills it at once: it has done nothing that is worth keeping
        with FollowedProcess(process, leaving=self._draining) as followed:
            for batch in followed.batches():
                self._step(batch)
        self._finalise(followed.end)

    def _step(self, batch: list[Received]) -> None:
        for message, _, _ in batch:
            if isinstance(message, Note):
                self._progress = message.text[:PROGRESS_LENGTH]
            elif isinstance(message, PreflightReady):
                self._examined = message
        now = time.monotonic()
        if not self._draining.is_set() and (batch or now - self._renewed > RENEW_SECONDS):
            self._renewed = now
            state.renew(self._preflight.pk, self._preflight.attempt, progress=self._progress)

    def _finalise(self, end: End) -> None:
        """Store how it ended: what the process said last is the truth, never its exit code."""
        pk, attempt = self._preflight.pk, self._preflight.attempt
        if end.outcome and end.outcome.status == "completed" and self._examined:
            state.finish(pk, attempt, self._examined.report)
            shutil.rmtree(self._preflight.folder, ignore_errors=True)
        elif end.outcome and end.outcome.status == "failed":
            state.fail(pk, attempt, end.outcome.reason or "The report could not be made.")
        elif self._draining.is_set():
            state.release(pk, attempt)
        else:
            state.fail(pk, attempt, _trouble(end))


def _trouble(end: End) -> str:
    if end.violation:
        return f"The process sent something outside the contract: {end.violation}"
    return f"The process gave no sign of life for {end.silence:.0f} seconds." if end.silence else end.exit


def job_of(preflight: Preflight) -> Job:
    """Return what the process needs to know; raises SourceError where its data set is gone."""
    place = lookup.locate(StoredConfig(preflight.config).source_path)
    return job(place, config=preflight.config, folder=preflight.folder, run_id=preflight.pk, attempt=preflight.attempt)
