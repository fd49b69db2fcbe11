"""Makes the pre-flight reports that were asked for: claim one, follow its process, store how it ended.

Two threads of each worker process look for them in the database. They need no broker: a report takes seconds, must not
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
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from django.conf import settings

from experiments.datasets import lookup
from experiments.models import Preflight
from experiments.periodic import Periodic
from experiments.preflights import state
from experiments.processes import fork_server
from experiments.processes.followed_process import End, FollowedProcess
from experiments.processes.training_process import Received, TrainingProcess
from experiments.supervision import end_messages
from experiments.supervision.build_job import job
from experiments.training.contract.reports import Job, Note, PreflightReady
from experiments.training.contract.source_errors import SourceError
from runs.clock import Stopwatch
from runs.leases import Fenced
from runs.stored_config import StoredConfig

logger = logging.getLogger(__name__)

RECIPE = "experiments.training.recipes.dry_run"
AT_ONCE = 2  # reports of a worker process, of as many users; each takes the memory that its training would
RENEW_SECONDS = 1.0
LOOK_SECONDS = 0.3
PROGRESS_LENGTH = 200
TOO_LONG = (
    "The report was not made within {seconds:g} seconds, the limit of this server (LIVETRAIN_PREFLIGHT_SECONDS), so "
    "its process was ended{place}. Check a smaller part of the data, or have that limit raised; a run makes its own "
    "report without it."
)


class _TooLong(Exception):
    """The report has taken longer than it may."""


class OneOfEachUser:
    """The users for whom this process makes a report at the moment: one each, so that none takes all its threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._users: set[int] = set()

    @contextmanager
    def next_queued(self) -> Iterator[int | None]:
        """Choose the report to make next; until the block is left, none of the same user is chosen."""
        with self._lock:
            chosen = state.next_queued(besides=self._users)
            if chosen:
                self._users.add(chosen.owner)
        try:
            yield chosen and chosen.pk
        finally:
            if chosen:
                with self._lock:
                    self._users.discard(chosen.owner)


class PreflightThread(Periodic):
    """Makes one report after the other until it is stopped, or this process drains.

    A report that breaks the thread's work is recovered when its lease ends.
    """

    def __init__(self, draining: threading.Event, users: OneOfEachUser | None = None) -> None:
        """Share `users` with the other such threads of this process."""
        super().__init__("preflights", LOOK_SECONDS, keeps_connections=True)
        self._draining, self._users = draining, users or OneOfEachUser()

    def jobs(self) -> Mapping[str, Callable[[], object]]:
        """Return the making of the next report."""
        return {"making pre-flight reports": self._make_next}

    def _make_next(self) -> None:
        """Make the next report; one under way is returned to the queue if this process drains."""
        if self._draining.is_set():
            return
        with self._users.next_queued() as pk:
            if pk is not None:
                make(pk, draining=self._draining)


def preflight_threads(draining: threading.Event) -> list[PreflightThread]:
    """Make the threads of one worker process: a slow report of one user leaves a thread to the others."""
    users = OneOfEachUser()
    return [PreflightThread(draining, users) for _ in range(AT_ONCE)]


def make(pk: int, *, draining: threading.Event) -> bool:
    """Make a queued report, or return it to the queue when `draining` is set. False: it could not be claimed."""
    claimed = state.claim(pk, f"{socket.gethostname()}:{os.getpid()}")
    if claimed is None:
        return False
    try:
        PreflightAttempt(claimed, draining).carry_out()
    except Fenced as error:
        _clear_if_cancelled(claimed, error)
    return True


def _clear_if_cancelled(claimed: Preflight, error: Fenced) -> None:
    """Remove what its process wrote, unless another worker makes the report now, in the same folder."""
    if state.is_cancelled(claimed.pk):
        shutil.rmtree(claimed.folder, ignore_errors=True)
        logger.info("pre-flight %s: cancelled; its process has been ended", claimed.pk)
    else:
        logger.warning("%s; stopped here", error)


class PreflightAttempt:
    """One attempt at one report, from the start of its process to the end of its row."""

    def __init__(self, preflight: Preflight, draining: threading.Event) -> None:
        self._preflight, self._draining = preflight, draining
        self._renewed = time.monotonic()
        self._taken = Stopwatch()
        self._progress = ""
        self._examined: PreflightReady | None = None

    def carry_out(self) -> None:
        """Make the report. Raises Fenced when it was cancelled or another worker has it; its process is gone then."""
        with fork_server.own.in_use():
            fork_server.own.load(self._renew)  # which takes longer than a lease may
            self._make()

    def _make(self) -> None:
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
        try:
            with FollowedProcess(process, leaving=self._draining) as followed:
                for batch in followed.batches():
                    self._step(batch)
        except _TooLong:
            self._fail_as_too_long()
        else:
            self._finalise(followed.end)

    def _step(self, batch: list[Received]) -> None:
        for message, _, _ in batch:
            if isinstance(message, Note):
                self._progress = message.text[:PROGRESS_LENGTH]
            elif isinstance(message, PreflightReady):
                self._examined = message
        if self._draining.is_set():
            return
        now = time.monotonic()
        if batch or now - self._renewed > RENEW_SECONDS:
            self._renewed = now
            self._renew()
        if self._taken.seconds > settings.PREFLIGHT_SECONDS:
            raise _TooLong

    def _renew(self) -> None:
        state.renew(self._preflight.pk, self._preflight.attempt, progress=self._progress)

    def _fail_as_too_long(self) -> None:
        place = f', while it said "{self._progress}"' if self._progress else ""
        problem = TOO_LONG.format(seconds=settings.PREFLIGHT_SECONDS, place=place)
        state.fail(self._preflight.pk, self._preflight.attempt, problem)

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
    place = lookup.locate(StoredConfig(preflight.config).source_path, preflight.project.pk)
    return job(place, config=preflight.config, folder=preflight.folder, run_id=preflight.pk, attempt=preflight.attempt)
