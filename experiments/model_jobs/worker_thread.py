"""Carries out jobs on finished runs' models: claim one, follow its process, store its result."""

from __future__ import annotations

import logging
import threading
from typing import Any

import msgspec
from django.conf import settings
from django.db import InterfaceError, OperationalError, transaction

from experiments.model_jobs import build, folders, kinds, state
from experiments.models import ModelJob
from experiments.processes.training_process import TrainingProcess, Words
from experiments.queued_work.attempt import Attempt, Exceeded, carry_out, in_words, storable
from experiments.queued_work.turns import OneOfEachUser
from experiments.queued_work.worker_thread import WorkThread
from experiments.training.contract.reports import JobResult, Message, Progress
from runs.leases import Fenced
from runs.quotas.disk_usage import folder_size
from runs.quotas.room import size_text
from runs.scheduling import workers

logger = logging.getLogger(__name__)

RECIPE = "experiments.training.recipes.model_jobs.entry"
MEASURE_SECONDS = 2.0  # between two looks at what its files take; there may be thousands
TOO_LONG = (
    "The job did not end within {seconds:g} seconds, the limit of this server (LIVETRAIN_MODEL_JOB_SECONDS), so its "
    "process was ended{place}. Ask for less at a time, or have that limit raised."
)
TOO_LARGE = (
    "The files of the job took more than {allowed}, the limit of this server (LIVETRAIN_MODEL_JOB_GIB), so its process "
    "was ended. Ask for less at a time, or have that limit raised."
)
OF_JOBS = Words(
    subject="The process of the job",
    again="Ask for it again.",
    less="ask for less at a time, or have this server given more memory",
)
NOT_STORED = "The job was done, but its result could not be stored: {}"


class ModelJobThread(WorkThread):
    """Carries out one job after the other until it is stopped, or this process drains."""

    doing = "carrying out jobs on models"

    def __init__(self, draining: threading.Event, users: OneOfEachUser | None = None) -> None:
        """Share `users` with the other such threads of this process."""
        super().__init__("model-jobs", draining, users or _users())

    def carry_out(self, pk: int, draining: threading.Event) -> object:
        """Carry out that job."""
        return work_on(pk, draining=draining)


def model_job_threads(draining: threading.Event) -> list[ModelJobThread]:
    """Make the threads of one worker process, as many as LIVETRAIN_MODEL_JOBS_AT_ONCE says."""
    users = _users()
    return [ModelJobThread(draining, users) for _ in range(settings.MODEL_JOBS_AT_ONCE)]


def _users() -> OneOfEachUser:
    return OneOfEachUser(state.next_queued)


def work_on(pk: int, *, draining: threading.Event) -> bool:
    """Carry out a queued job, or return it to the queue when `draining` is set. False: it could not be claimed."""
    claimed = state.claim(pk, workers.own_name())
    if claimed is None:
        return False
    carry_out(ModelJobAttempt(claimed, state.QUEUE, draining), state.QUEUE, claimed.folder)
    return True


def _storable(found: Any) -> Any:
    """Leave out of all texts what none in PostgreSQL may have: names in foreign files may have it."""
    if isinstance(found, dict):
        return {_storable(name): _storable(value) for name, value in found.items()}
    if isinstance(found, list):
        return [_storable(value) for value in found]
    return storable(found) if isinstance(found, str) else found


class ModelJobAttempt(Attempt[ModelJob]):
    """One attempt at one job."""

    words = OF_JOBS
    _found: JobResult | None = None
    _done: int = 0
    _total: int | None = None
    _measure_at: float = 0.0  # seconds after its start

    def start(self) -> TrainingProcess:
        """Start the process, in a folder that holds nothing of an earlier attempt but the files of the request."""
        job, kind = self.row, kinds.named(self.row.kind)
        folders.tidy(job, keep={job.inputs.name})
        built = self.while_renewing(lambda: kind.job_of(job))
        return TrainingProcess(build.complete(built, kind), recipe=RECIPE)

    def receive(self, message: Message) -> None:
        """Keep the result, and how far the job is."""
        if isinstance(message, Progress):
            self._done, self._total = max(0, message.done), message.total and max(0, message.total)
        elif isinstance(message, JobResult):
            self._found = message

    def columns(self) -> dict[str, Any]:
        """Return what shows users how far the job is."""
        return super().columns() | {"done": self._done, "total": self._total}

    def check(self, seconds: float) -> None:
        """Raise Exceeded where it takes longer, or its files more, than the settings allow."""
        if seconds > settings.MODEL_JOB_SECONDS:
            place = f', while it said "{self.progress}"' if self.progress else ""
            raise Exceeded(TOO_LONG.format(seconds=settings.MODEL_JOB_SECONDS, place=place))
        if seconds < self._measure_at:
            return
        self._measure_at = seconds + MEASURE_SECONDS
        if folder_size(self.row.folder) > settings.MODEL_JOB_BYTES:
            raise Exceeded(TOO_LARGE.format(allowed=size_text(settings.MODEL_JOB_BYTES)))

    def complete(self) -> bool:
        """Store the result, and remove everything from the folder but its files."""
        if self._found is None:
            return False
        try:
            self._store(self._found)
        except (Fenced, OperationalError, InterfaceError):  # the latter two: it may succeed when it is tried again
            raise
        except Exception as error:
            logger.warning("%s: its result could not be stored", self.row, exc_info=error)
            self.fail(NOT_STORED.format(in_words(error)))
            return True
        folders.tidy(self.row, keep={file.name for file in self._found.files})
        return True

    def _store(self, found: JobResult) -> None:
        job, kind = self.row, kinds.named(self.row.kind)
        files: list[state.ListedFile] = [msgspec.to_builtins(file) for file in found.files]
        job.files = files
        with transaction.atomic():
            result = kind.finish(job, _storable(found.result))
            state.finish(job.pk, job.attempt, result, files, expires=kind.expires, done=self._done, total=self._total)
