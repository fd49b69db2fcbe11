"""With a real broker: the end of a run wakes slots that were held up; and workers say that they are alive."""

from __future__ import annotations

import socket
from collections.abc import Callable
from datetime import timedelta

import dramatiq
import pytest
from django.contrib.auth.models import User
from django.db import connections
from django.utils import timezone
from pytest_django.fixtures import Settings

from access.default_project import DEFAULT_PROJECT
from experiments import launch, wakeup
from experiments.training.contract.config import TrainingConfig
from experiments.worker import heartbeat, maintenance, tasks
from experiments.worker.heartbeat import Heartbeat
from runs import lifecycle
from runs.models import Run, Worker
from runs.scheduling import workers
from tests.waiting import eventually

pytestmark = pytest.mark.django_db(transaction=True)
NOWHERE = {"experiment_name": "e", "source_path": "/nowhere"}  # its runs end at once


def queued(owner: User) -> Run:
    config = TrainingConfig.model_validate(NOWHERE)
    return lifecycle.create(owner, config.model_dump(mode="json"))


@pytest.fixture
def sent(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Record the runs that messages are sent for."""
    settings.BROKER_EMBEDDED = False
    messages: list[int] = []

    def enqueue(message: dramatiq.Message[None], *, delay: int | None = None) -> None:
        assert (message.queue_name, message.actor_name) == (tasks.train.queue_name, tasks.train.actor_name)
        messages.append(*message.args)

    monkeypatch.setattr(dramatiq.get_broker(), "enqueue", enqueue)
    return messages


@pytest.mark.parametrize(("slots", "woken"), [(1, 0), (2, 1), (9, 2)])
def test_as_many_are_woken_as_there_are_idle_slots(user: User, sent: list[int], slots: int, woken: int) -> None:
    """The slot whose run ends goes on by itself: of three runs it takes one after the other."""
    runs = [queued(user) for _ in range(3)]
    workers.register(workers.own_name(), "here", slots, [])
    tasks.train.fn(runs[0].pk)
    assert sent == [run.pk for run in runs[1 : 1 + woken]] + [run.pk for run in runs[2 : 2 + min(1, woken)]]
    assert set(Run.objects.values_list("status", flat=True)) == {"failed"}


def test_a_slot_held_up_by_the_limit_per_user_is_woken(user: User, sent: list[int], settings: Settings) -> None:
    """Bob's run ends here; ada's second one waits for her first, which another worker has, and is not sent."""
    settings.RUNS_PER_USER = 1
    workers.register(workers.own_name(), "here", 2, [])
    first, second = queued(user), queued(user)
    claimed = lifecycle.claim(first.pk, "there:1")
    assert claimed is not None
    wakeup.wake_idle()
    assert sent == []
    lifecycle.end(first.pk, claimed.attempt, "completed", None)
    wakeup.wake_idle()
    assert sent == [second.pk]


def test_a_run_of_a_lost_worker_wakes_a_slot_when_it_is_recovered(user: User, sent: list[int]) -> None:
    workers.register(workers.own_name(), "here", 1, [])
    run = queued(user)
    lifecycle.claim(run.pk, "there:1")
    assert maintenance.recover_lost_runs() == []
    Run.objects.filter(pk=run.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    assert maintenance.recover_lost_runs() == [run.pk]
    assert sent == [run.pk]


def test_with_the_embedded_broker_nothing_is_sent(user: User, sent: list[int], settings: Settings) -> None:
    settings.BROKER_EMBEDDED = True
    workers.register(workers.own_name(), "here", 4, [])
    queued(user)
    wakeup.wake_idle()
    assert sent == []


@pytest.fixture
def attending(monkeypatch: pytest.MonkeyPatch) -> Callable[[], Heartbeat]:
    monkeypatch.setattr(heartbeat, "RENEW_SECONDS", 0.05)
    return lambda: Heartbeat(3, ["GPU-a"])


def test_a_worker_is_listed_while_it_works(attending: Callable[[], Heartbeat], settings: Settings) -> None:
    stale = timezone.now() - timedelta(seconds=settings.LEASE_SECONDS + 1)
    Worker.objects.create(name="lost:1", host="lost", slots=1, seen_at=stale)
    here = attending()
    here.start()
    try:
        eventually(lambda: [one.name for one in Worker.objects.all()] == [workers.own_name()])
        one = Worker.objects.get()
        assert (one.host, one.slots, one.gpus) == (socket.gethostname(), 3, ["GPU-a"])
        eventually(lambda: Worker.objects.get().seen_at > one.seen_at)
    finally:
        here.stop()
        connections.close_all()
    assert not Worker.objects.exists()


def test_launching_still_announces_each_run(user: User, sent: list[int]) -> None:
    config = TrainingConfig.model_validate({"experiment_name": "e", "source_path": "builtin:breast-cancer"})
    runs = launch.launch(config, user, project_id=DEFAULT_PROJECT)
    assert sent == [run.pk for run in runs]
