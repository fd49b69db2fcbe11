"""Makes the pre-flight reports that were asked for: claim one, follow its process, store how it ended."""

from __future__ import annotations

import shutil
import threading

from django.conf import settings

from experiments.datasets import lookup
from experiments.models import Preflight
from experiments.preflights import state
from experiments.processes.training_process import TrainingProcess
from experiments.queued_work.attempt import Attempt, Exceeded, carry_out
from experiments.queued_work.turns import OneOfEachUser
from experiments.queued_work.worker_thread import WorkThread
from experiments.supervision.build_job import job
from experiments.training.contract.reports import Job, Message, PreflightReady
from runs.scheduling import workers
from runs.stored_config import StoredConfig

RECIPE = "experiments.training.recipes.dry_run"
AT_ONCE = 2  # reports of a worker process, of as many users; each takes the memory that its training would
TOO_LONG = (
    "The report was not made within {seconds:g} seconds, the limit of this server (LIVETRAIN_PREFLIGHT_SECONDS), so "
    "its process was ended{place}. Check a smaller part of the data, or have that limit raised; a run makes its own "
    "report without it."
)


class PreflightThread(WorkThread):
    """Makes one report after the other until it is stopped, or this process drains."""

    doing = "making pre-flight reports"

    def __init__(self, draining: threading.Event, users: OneOfEachUser | None = None) -> None:
        """Share `users` with the other such threads of this process."""
        super().__init__("preflights", draining, users or _users())

    def carry_out(self, pk: int, draining: threading.Event) -> object:
        """Make that report."""
        return make(pk, draining=draining)


def preflight_threads(draining: threading.Event) -> list[PreflightThread]:
    """Make the threads of one worker process: a slow report of one user leaves a thread to the others."""
    users = _users()
    return [PreflightThread(draining, users) for _ in range(AT_ONCE)]


def _users() -> OneOfEachUser:
    return OneOfEachUser(state.next_queued)


def make(pk: int, *, draining: threading.Event) -> bool:
    """Make a queued report, or return it to the queue when `draining` is set. False: it could not be claimed."""
    claimed = state.claim(pk, workers.own_name())
    if claimed is None:
        return False
    carry_out(PreflightAttempt(claimed, state.QUEUE, draining), state.QUEUE, claimed.folder)
    return True


class PreflightAttempt(Attempt[Preflight]):
    """One attempt at one report."""

    _examined: PreflightReady | None = None

    def start(self) -> TrainingProcess:
        """Start the dry run; raises SourceError where its data set is gone."""
        return TrainingProcess(job_of(self.row), recipe=RECIPE)

    def receive(self, message: Message) -> None:
        """Keep the report."""
        if isinstance(message, PreflightReady):
            self._examined = message

    def check(self, seconds: float) -> None:
        """Raise Exceeded where it takes longer than LIVETRAIN_PREFLIGHT_SECONDS."""
        if seconds > settings.PREFLIGHT_SECONDS:
            place = f', while it said "{self.progress}"' if self.progress else ""
            raise Exceeded(TOO_LONG.format(seconds=settings.PREFLIGHT_SECONDS, place=place))

    def complete(self) -> bool:
        """Store the report; what its process wrote is not needed any more."""
        if self._examined is None:
            return False
        state.finish(self.row.pk, self.row.attempt, self._examined.report)
        shutil.rmtree(self.row.folder, ignore_errors=True)
        return True


def job_of(preflight: Preflight) -> Job:
    """Return what the process needs to know; raises SourceError where its data set is gone."""
    place = lookup.locate(StoredConfig(preflight.config).source_path, preflight.project.pk)
    return job(place, config=preflight.config, folder=preflight.folder, run_id=preflight.pk, attempt=preflight.attempt)
