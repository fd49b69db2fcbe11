"""One attempt at queued work: its process is started and followed, its lease renewed, and its end stored."""

from __future__ import annotations

import logging
import shutil
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any, Generic, TypeVar

from django.db import Error, connections
from rest_framework.exceptions import APIException

from experiments.processes import fork_server
from experiments.processes.followed_process import End, FollowedProcess
from experiments.processes.training_process import OF_TRAININGS, Received, TrainingProcess, Words, describe_exit
from experiments.queued_work.state import W, WorkQueue
from experiments.supervision import end_messages
from experiments.training.contract.reports import Message, Note
from experiments.training.contract.source_errors import SourceError
from runs.clock import Stopwatch
from runs.leases import Fenced

logger = logging.getLogger(__name__)

RENEW_SECONDS = 1.0
CHANGE_SECONDS = 0.25
"""After which a change of what is written with the lease is stored: a process may report hundreds a second."""
PROGRESS_LENGTH = 200
R = TypeVar("R")


class Exceeded(Exception):
    """The work took more time or room than it may; the sentence is for its user."""


class Attempt(ABC, Generic[W]):
    """One attempt, from the start of its process to the end of its row."""

    words: Words = OF_TRAININGS
    """How its process is spoken of."""

    def __init__(self, row: W, queue: WorkQueue[W], draining: threading.Event) -> None:
        """Carry out a row that was claimed; it returns to the queue when `draining` is set."""
        self.row, self._queue, self._draining = row, queue, draining
        self._renewed = time.monotonic()
        self._taken = Stopwatch()
        self.progress = ""
        self._written = self.columns()

    @abstractmethod
    def start(self) -> TrainingProcess:
        """Start the process; what is raised becomes the problem of the row."""

    @abstractmethod
    def receive(self, message: Message) -> None:
        """Keep what the process sent; notes of progress are kept already."""

    @abstractmethod
    def complete(self) -> bool:
        """Store the result of a process that has completed. False: it had sent none. Raises Fenced."""

    def check(self, seconds: float) -> None:
        """Raise Exceeded where the work has taken more than it may, after so many seconds."""

    def columns(self) -> dict[str, Any]:
        """Return what is written with each renewal of the lease."""
        return {"progress": self.progress}

    def carry_out(self) -> None:
        """Do it. Raises Fenced when it was cancelled or another worker has it; its process is gone then."""
        with fork_server.own.in_use():
            fork_server.own.load(self.renew)  # which takes longer than a lease may
            self._carry_out()

    def renew(self) -> None:
        """Keep the lease. Raises Fenced."""
        self._renewed, self._written = time.monotonic(), self.columns()
        self._queue.renew(self.row.pk, self.row.attempt, **self._written)

    def while_renewing(self, work: Callable[[], R]) -> R:
        """Do what may take longer than a lease in a thread of its own, and keep the lease meanwhile. Raises Fenced."""
        with ThreadPoolExecutor(1, thread_name_prefix="preparing a job") as pool:
            done = pool.submit(_with_own_connections, work)
            while not wait([done], RENEW_SECONDS).done:
                self.renew()
            return done.result()

    def fail(self, problem: str) -> None:
        """End the row without a result. Raises Fenced."""
        self._queue.fail(self.row.pk, self.row.attempt, storable(problem))

    def _carry_out(self) -> None:
        try:
            process = self.start()
        except (Fenced, Error):
            raise
        except Exception as error:
            logger.warning("%s: its process could not be started", self.row, exc_info=error)
            said = in_words(error)
            self.fail(said if is_for_users(error) else f"The process could not be started: {said}")
            return
        # One that drains kills it at once: it has done nothing that is worth keeping
        try:
            with FollowedProcess(process, leaving=self._draining) as followed:
                for batch in followed.batches():
                    self._step(batch)
        except Exceeded as error:
            self.fail(str(error))
        else:
            self._finalise(followed.end)

    def _step(self, batch: list[Received]) -> None:
        for message, _, _ in batch:
            if isinstance(message, Note):
                self.progress = storable(message.text)[:PROGRESS_LENGTH]
            self.receive(message)
        if self._draining.is_set():
            return
        changed = self.columns() != self._written
        if time.monotonic() - self._renewed > (CHANGE_SECONDS if changed else RENEW_SECONDS):
            self.renew()
        self.check(self._taken.seconds)

    def _finalise(self, end: End) -> None:
        """Store how it ended: what the process said last is the truth, never its exit code."""
        if end.outcome and end.outcome.status == "completed" and self.complete():
            return
        if end.outcome and end.outcome.status == "failed":
            self.fail(end.outcome.reason or "It could not be done, and no reason was given; see its train.log.")
        elif self._draining.is_set():
            self._queue.release(self.row.pk, self.row.attempt)
        else:
            self.fail(self._trouble(end))

    def _trouble(self, end: End) -> str:
        if end.violation:
            return f"The process sent something outside the contract: {end.violation}"
        if end.silence:
            return f"The process gave no sign of life for {end.silence:.0f} seconds."
        return describe_exit(end.code, words=self.words)


def carry_out(attempt: Attempt[W], queue: WorkQueue[W], folder: Path) -> None:
    """Carry it out; where it was cancelled or removed meanwhile, remove what its process wrote.

    Not where another worker does it now, in the same folder.
    """
    try:
        attempt.carry_out()
    except Fenced as error:
        if queue.is_wanted(attempt.row.pk):
            logger.warning("%s; stopped here", error)
        else:
            shutil.rmtree(folder, ignore_errors=True)
            logger.info("%s: cancelled; its process has been ended", attempt.row)


def is_for_users(error: Exception) -> bool:
    """Return whether the error was raised with a sentence for users, which names the cure."""
    return isinstance(error, SourceError | APIException)


def in_words(error: Exception) -> str:
    """Say what went wrong outside the process."""
    if isinstance(error, SourceError):
        return error.message
    if isinstance(error, APIException):
        return str(error.detail)
    if isinstance(error, Error):
        return "The database refused it; the log of the worker says why."
    return end_messages.what_failed(error)


def storable(text: str) -> str:
    """Leave out the character that no text in PostgreSQL may have; words of foreign files may have it."""
    return text.replace("\0", "")


def _with_own_connections(work: Callable[[], R]) -> R:
    try:
        return work()
    finally:
        connections.close_all()
