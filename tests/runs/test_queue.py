"""Which queued run is started next."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connections
from django.test import Client
from pytest_django.fixtures import Settings

from access.models import Project
from runs import lifecycle, queue
from runs.models import Run, RunEvent
from runs.queue import place_in_queue, waiting
from tests.runs.conftest import CONFIG, MakeRun

pytestmark = pytest.mark.django_db


def positions_told(run: Run) -> list[int]:
    events = RunEvent.objects.filter(run=run, type="run_status").order_by("seq")
    return [json.loads(event.data)["queue_position"] for event in events]


def test_the_highest_priority_goes_first_and_equals_in_the_order_they_came(make_run: MakeRun) -> None:
    made = {name: make_run(priority=priority).pk for name, priority in [("a", 0), ("b", -5), ("c", 7), ("d", 0)]}
    assert [run.pk for run in waiting()] == [made[name] for name in "cadb"]
    assert {name: place_in_queue(pk) for name, pk in made.items()} == {"c": 1, "a": 2, "d": 3, "b": 4}


def test_runs_are_claimed_in_that_order(make_run: MakeRun) -> None:
    low, high = make_run(priority=-1), make_run(priority=1)
    running = make_run(status="in_progress", priority=9)
    found = [lifecycle.claim_next("a worker") for _ in range(3)]
    assert [run and run.pk for run in found] == [high.pk, low.pk, None]
    assert Run.objects.get(pk=running.pk).attempt == 0


def test_a_new_run_is_told_its_place_among_the_priorities(user: User) -> None:
    first = lifecycle.create(user, CONFIG)
    urgent = lifecycle.create(user, CONFIG, priority=3)
    assert (positions_told(first), positions_told(urgent)) == ([1], [1])


def test_moving_a_run_is_told_with_its_new_place(user: User) -> None:
    first, second = lifecycle.create(user, CONFIG), lifecycle.create(user, CONFIG)
    assert lifecycle.prioritize(first.pk, -1)
    assert positions_told(first) == [1, 2]
    assert place_in_queue(second.pk) == 1


def test_only_queued_runs_are_moved(user: User) -> None:
    run = lifecycle.create(user, CONFIG)
    lifecycle.claim(run.pk, "a worker")
    told = RunEvent.objects.count()
    assert not lifecycle.prioritize(run.pk, 5)
    assert (Run.objects.get(pk=run.pk).priority, RunEvent.objects.count()) == (0, told)


def test_summaries_tell_the_priority(api: Client, make_run: MakeRun) -> None:
    make_run(priority=4)
    found: list[dict[str, Any]] = api.get("/api/runs/").json()["results"]
    assert [run["priority"] for run in found] == [4]


def test_a_paused_queue_starts_nothing_and_trainings_go_on(user: User) -> None:
    training, waiting_ = lifecycle.create(user, CONFIG), lifecycle.create(user, CONFIG)
    claimed = lifecycle.claim_next("a worker")
    assert claimed is not None
    queue.pause(user, "New disks.")
    assert lifecycle.claim_next("a worker") is None
    lifecycle.end(training.pk, claimed.attempt, "completed", None)
    queue.unpause(user)
    again = lifecycle.claim_next("a worker")
    assert again is not None
    assert again.pk == waiting_.pk


def test_a_user_at_the_limit_holds_up_nobody_else(user: User, settings: Settings) -> None:
    settings.RUNS_PER_USER = 1
    bob = User.objects.create_user("bob")
    own = [lifecycle.create(user, CONFIG, priority=priority) for priority in (5, 5)]
    other = lifecycle.create(bob, CONFIG)
    found = [lifecycle.claim_next("a worker") for _ in range(3)]
    assert [run and run.pk for run in found] == [own[0].pk, other.pk, None]
    lifecycle.cancel(own[0].pk, "Enough.")  # it holds its slot until its processes are gone
    assert lifecycle.claim_next("a worker") is None
    lifecycle.end(own[0].pk, 1, "cancelled", None)
    freed = lifecycle.claim_next("a worker")
    assert freed is not None
    assert freed.pk == own[1].pk


def test_a_project_at_its_quota_holds_up_no_other(user: User) -> None:
    heart = Project.objects.create(name="Heart", max_running=1)
    own = [lifecycle.create(user, CONFIG, priority=5, project=heart) for _ in range(2)]
    other = lifecycle.create(user, CONFIG)
    found = [lifecycle.claim_next("a worker") for _ in range(3)]
    assert [run and run.pk for run in found] == [own[0].pk, other.pk, None]
    lifecycle.cancel(own[0].pk, "Enough.")  # it holds its slot until its processes are gone
    assert lifecycle.claim_next("a worker") is None
    lifecycle.end(own[0].pk, 1, "cancelled", None)
    freed = lifecycle.claim_next("a worker")
    assert freed is not None
    assert freed.pk == own[1].pk


def test_a_quota_of_none_at_a_time_starts_nothing_and_ends_nothing(user: User) -> None:
    training = lifecycle.create(user, CONFIG)
    assert lifecycle.claim_next("a worker") is not None
    lifecycle.create(user, CONFIG)
    Project.objects.filter(pk=1).update(max_running=0)
    assert lifecycle.claim_next("a worker") is None
    assert Run.objects.get(pk=training.pk).status == Run.Status.IN_PROGRESS


@pytest.mark.django_db(transaction=True)
def test_workers_that_claim_at_once_keep_the_quota_of_a_project(user: User) -> None:
    """Six workers, eight runs of a project that may train three."""
    heart = Project.objects.create(name="Heart", max_running=3)
    for _ in range(8):
        lifecycle.create(user, CONFIG, project=heart)
    together = threading.Barrier(6)

    def work(number: int) -> int:
        together.wait(10)
        try:
            return sum(1 for _ in iter(lambda: lifecycle.claim_next(f"worker {number}"), None))
        finally:
            connections.close_all()

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(work, range(6))) == 3
    assert Run.objects.filter(status="in_progress").count() == 3


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("limit", "started"), [(2, 4), (None, 10)])
def test_workers_that_claim_at_once_keep_the_limit(settings: Settings, limit: int | None, started: int) -> None:
    """Six workers, two users with five runs each."""
    settings.RUNS_PER_USER = limit
    for name in ("ada", "bob"):
        owner = User.objects.create_user(name)
        for _ in range(5):
            lifecycle.create(owner, CONFIG)
    together = threading.Barrier(6)

    def work(number: int) -> list[int]:
        together.wait(10)
        try:
            return [run.pk for run in iter(lambda: lifecycle.claim_next(f"worker {number}"), None)]
        finally:
            connections.close_all()

    with ThreadPoolExecutor(6) as pool:
        claimed = [pk for found in pool.map(work, range(6)) for pk in found]
    assert len(claimed) == len(set(claimed)) == started
    for run in Run.objects.filter(pk__in=claimed):
        assert (run.status, run.attempt) == ("in_progress", 1)
    counts = [Run.objects.filter(owner__username=name, status="in_progress").count() for name in ("ada", "bob")]
    assert counts == [started // 2] * 2
