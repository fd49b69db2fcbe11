"""A worker's thread of reports for the tests; it ends with its test, also with one that fails."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User

from experiments.models import Preflight
from experiments.preflights import requests, worker_thread
from experiments.processes import training_process
from experiments.training.contract.config import TrainingConfig
from tests.waiting import eventually

STUCK = "tests.experiments.recipes.starts_examining"


class Working:
    """The thread of reports, as a worker process has it."""

    def __init__(self) -> None:
        self.draining = threading.Event()
        self.thread = worker_thread.PreflightThread(self.draining)
        self.thread.start()

    def stop(self) -> None:
        self.draining.set()
        self.thread.stop()


@pytest.fixture
def worker(warm: None, transactional_db: None) -> Iterator[Working]:
    working = Working()
    yield working
    working.stop()


@pytest.fixture
def asked(user: User, config: TrainingConfig) -> Preflight:
    return requests.request(config, user)


class Stuck:
    """A report in the making that does not get on, in a thread of its own."""

    def __init__(self, asked: Preflight, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(worker_thread, "RECIPE", STUCK)
        self.processes: list[training_process.TrainingProcess] = []
        monkeypatch.setattr(worker_thread, "TrainingProcess", self._started)
        self.working = Working()
        try:
            eventually(lambda: Preflight.objects.get(pk=asked.pk).progress == "Comparing")
        except BaseException:  # the next test would find the thread at work
            self.working.stop()
            raise

    def _started(self, *args: Any, **kwargs: Any) -> training_process.TrainingProcess:
        self.processes.append(training_process.TrainingProcess(*args, **kwargs))
        return self.processes[-1]


@pytest.fixture
def stuck(asked: Preflight, warm: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stuck]:
    stuck = Stuck(asked, monkeypatch)
    yield stuck
    stuck.working.stop()
