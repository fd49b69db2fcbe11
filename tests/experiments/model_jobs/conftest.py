"""A kind of job for tests, and runs whose models it is about."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User

from experiments.model_jobs import requests, worker_thread
from experiments.model_jobs.build import job_for
from experiments.model_jobs.kinds import KINDS, Kind
from experiments.models import ModelJob
from experiments.training.contract.reports import Job, Message, Outcome
from experiments.training.model_source import ModelSource
from runs import lifecycle
from runs.events import Stamped
from runs.models import Run
from tests.realtime.writing import running_run

NAME = "counting"


class Counting(Kind):
    """What the children of the tests do."""

    recipe = "tests.experiments.recipes.counts_model_jobs"

    def job_of(self, model_job: ModelJob) -> Job:
        source = ModelSource(
            run_id=model_job.run_id,
            attempt=1,
            config=model_job.run.config,
            checkpoint="/nowhere/best.ckpt",
            folder="/nowhere",
            sha256="00",
            classes=["healthy", "sick"],
        )
        return job_for(model_job, source)


COUNTING = Counting()


@pytest.fixture(autouse=True)
def kind(monkeypatch: pytest.MonkeyPatch) -> Kind:
    """Register the kind, as a package with jobs of its own does in `KINDS`."""
    monkeypatch.setitem(KINDS, NAME, f"{__name__}.COUNTING")
    return COUNTING


@pytest.fixture
def run(user: User) -> Run:
    """Make a run that has ended."""
    run = running_run(user)
    lifecycle.end(run.pk, run.attempt, "completed", None)
    return Run.objects.get(pk=run.pk)


@pytest.fixture
def asked(run: Run, user: User) -> ModelJob:
    return requests.enqueue(run, user, NAME, {"to": 3})


class FakeProcess:
    """Stands for a job's process: `talk` writes its files and yields its messages, before it ends with the outcome."""

    lost_rank = None

    def __init__(self, job: Job, talk: Callable[[Job], Iterator[Message]], code: int | None) -> None:
        self.job, self._talk, self._code = job, talk, code
        self.killed = False

    def batches(self, tick: float) -> Iterator[list[Any] | None]:
        del tick
        for message in self._talk(self.job):
            yield [Stamped(message, "2026-01-01T00:00:00Z", "")]
            if self.killed:
                return

    def kill(self) -> None:
        self.killed = True

    def close(self) -> int | None:
        return -9 if self.killed else self._code


class Processes:
    """The processes that were started in place of real ones."""

    def __init__(self) -> None:
        self.started: list[FakeProcess] = []
        self.talk: Callable[[Job], Iterator[Message]] = self.completes
        self.code: int | None = 0

    def start(self, job: Job, recipe: str) -> FakeProcess:
        assert recipe == worker_thread.RECIPE
        self.started.append(FakeProcess(job, self.talk, self.code))
        return self.started[-1]

    @staticmethod
    def completes(job: Job) -> Iterator[Message]:
        del job
        yield Outcome(status="completed", reason=None)


@pytest.fixture
def processes(monkeypatch: pytest.MonkeyPatch) -> Processes:
    """Start no process: what is put into `talk` stands for its messages."""
    made = Processes()
    monkeypatch.setattr(worker_thread, "TrainingProcess", made.start)
    monkeypatch.setattr("experiments.processes.fork_server.own.load", lambda *_: None)
    return made
