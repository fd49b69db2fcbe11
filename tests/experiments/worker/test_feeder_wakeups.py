"""With the embedded broker a datagram wakes the feeders: what is queued waits for no interval."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import dramatiq
import pytest
from django.contrib.auth.models import User
from pytest_django.fixtures import Settings

from access.default_project import DEFAULT_PROJECT
from experiments import launch, wakeup
from experiments.processes import fork_server
from experiments.training.contract.config import TrainingConfig
from experiments.worker import feeder, tasks
from experiments.worker.feeder import Feeder
from tests.realtime.writing import queued_run
from tests.waiting import eventually

pytestmark = pytest.mark.django_db(transaction=True)
LONG_SECONDS = 60.0


@pytest.fixture(autouse=True)
def home(settings: Settings) -> Iterator[Path]:
    """Give a home short enough for sockets, whatever the folder for temporary files is."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        settings.LIVETRAIN_HOME = Path(folder)
        yield Path(folder)


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """Start a feeder that looks only when it is woken; give the runs that it has found."""
    found: list[int] = []
    looked = threading.Event()
    assert tasks.train.queue_name == wakeup.QUEUE  # the queue is declared with its actor
    monkeypatch.setattr(dramatiq.get_broker(), "enqueue", lambda message, delay=None: found.append(*message.args))
    monkeypatch.setattr(feeder, "FEED_SECONDS", LONG_SECONDS)
    thread, feed = Feeder(1), Feeder._feed

    def look(self: Feeder) -> None:
        feed(self)
        looked.set()

    monkeypatch.setattr(Feeder, "_feed", look)
    thread.start()
    assert looked.wait(20)
    yield found
    thread.stopping.set()
    wakeup.wake_feeders()
    thread.join(20)
    assert not thread.is_alive()
    assert not [*wakeup.folder().iterdir()], "its socket is gone"


def test_a_run_that_is_queued_is_looked_for_at_once(user: User, looks: list[int]) -> None:
    run = queued_run(user)
    launch.announce(run.pk)
    eventually(lambda: looks == [run.pk])


def test_so_is_what_the_end_of_another_run_has_held_up(user: User, looks: list[int]) -> None:
    run = queued_run(user)
    wakeup.wake_idle()
    eventually(lambda: looks == [run.pk])


def test_a_request_has_the_fork_server_loaded_while_it_is_checked(
    user: User, looks: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded = threading.Event()
    monkeypatch.setattr(fork_server.own, "load_ahead", loaded.set)
    config = TrainingConfig(experiment_name="e", source_path="builtin:breast-cancer")
    monkeypatch.setattr(launch, "inspect", lambda *_, **__: loaded.wait(20) and pytest.fail("as asked"))
    with pytest.raises(pytest.fail.Exception, match="as asked"):
        launch.launch(config, user, project_id=DEFAULT_PROJECT)


def test_nothing_is_sent_and_nothing_is_heard_with_another_broker(user: User, settings: Settings, home: Path) -> None:
    settings.BROKER_EMBEDDED = False
    wakeup.announce_request()
    thread = Feeder(1)
    thread.jobs()
    assert not [*home.iterdir()]
