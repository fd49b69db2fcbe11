"""Who checks a data set, and what becomes of a check whose worker or process dies."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path

import psutil
import pytest
from django.contrib.auth.models import User
from django.db import connections
from django.utils import timezone
from pytest_django.fixtures import Settings

from access.models import Project
from experiments.datasets import check_thread, checks, registration
from experiments.datasets.check_process import CheckProcess
from experiments.datasets.check_thread import CheckThread
from experiments.models import Dataset
from experiments.preflights import initial_preflight
from experiments.training.contract.check_reports import Progress
from runs.leases import Fenced
from tests.experiments.training.datasets import with_csv
from tests.waiting import eventually

pytestmark = pytest.mark.django_db(transaction=True)
SLOW = "tests.experiments.recipes.examines_slowly"


@pytest.fixture(autouse=True)
def examined_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Check in a separate process, as outside of tests."""


@pytest.fixture
def waiting(root: Path, user: User) -> Dataset:
    with_csv(root / "lungs")
    return registration.register(user, "lungs", Project.objects.get())


@pytest.fixture
def running(waiting: Dataset, monkeypatch: pytest.MonkeyPatch) -> Iterator[CheckThread]:
    """Start a check thread in the middle of a check that does not end."""
    monkeypatch.setattr(check_thread, "CheckProcess", partial(CheckProcess, module=SLOW))
    thread = CheckThread(initial_preflight.request)
    thread.start()
    eventually(lambda: Dataset.objects.get().files_done)
    yield thread
    thread.stop()


def child() -> psutil.Process:
    [process] = [child for child in psutil.Process().children() if SLOW in child.cmdline()]
    return process


def test_one_examiner_gets_it(waiting: Dataset) -> None:
    found: list[Dataset | None] = []

    def take() -> None:
        found.append(checks.claim())
        connections.close_all()

    threads = [threading.Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(dataset.pk for dataset in found if dataset) == [waiting.pk]


def test_progress_shows_while_it_is_checked(running: CheckThread) -> None:
    dataset = Dataset.objects.get()
    assert (dataset.state, dataset.files_done, dataset.files, dataset.bytes_done) == ("checking", 3, 7, 30)


def test_a_stopping_worker_gives_it_back(running: CheckThread) -> None:
    process = child()
    running.stop()
    assert not process.is_running()
    assert Dataset.objects.get().state == "waiting"


def test_a_deleted_data_set_ends_its_check(running: CheckThread) -> None:
    process = child()
    Dataset.objects.all().delete()
    eventually(lambda: not process.is_running())
    assert running.is_alive()


def test_a_process_that_dies_refuses_the_data_and_says_why(running: CheckThread) -> None:
    os.kill(child().pid, signal.SIGKILL)
    eventually(lambda: Dataset.objects.get().state == "refused")
    assert "killed by SIGKILL (the system does that when memory runs out)" in (Dataset.objects.get().problem or "")
    assert running.is_alive()


def test_a_killed_worker_takes_its_process_along_and_another_takes_over(waiting: Dataset) -> None:
    lost = checks.claim()
    assert lost is not None
    process = CheckProcess(check_thread.task_of(lost), module=SLOW)
    assert next(process.reports(10.0)) == Progress(files=7, size=70, files_done=3, bytes_done=30)
    process._input.close()  # what the death of this side would do
    eventually(lambda: process._process.poll() is not None)
    process.close()
    assert not check_thread.check_next(threading.Event(), initial_preflight.request)
    Dataset.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert checks.recover_lost() == [lost.pk]
    assert check_thread.check_next(threading.Event(), initial_preflight.request)
    found = Dataset.objects.get()
    assert (found.state, found.attempt) == ("ready", 2)
    with pytest.raises(Fenced):
        checks.renew(lost, None)
    with pytest.raises(Fenced):
        checks.refuse(lost, "too late")
    assert Dataset.objects.get().state == "ready"


def test_a_check_lost_too_often_is_given_up(waiting: Dataset, settings: Settings) -> None:
    settings.ATTEMPT_LIMIT = 3
    for _ in range(3):
        assert checks.claim() is not None
        Dataset.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
        assert checks.recover_lost()
    assert checks.claim() is None
    found = Dataset.objects.get()
    assert (found.state, found.problem) == ("refused", checks.LOST_TOO_OFTEN.format("3 times"))
    assert checks.request(found)
    assert checks.claim() is not None


def test_the_examination_ignores_what_it_cannot_know(waiting: Dataset) -> None:
    """A registered path must lie in a data root when it is opened, whatever the row says."""
    Dataset.objects.update(path="/etc")
    assert check_thread.check_next(threading.Event(), initial_preflight.request)
    found = Dataset.objects.get()
    assert found.state == "refused"
    assert "outside the data roots" in (found.problem or "")
