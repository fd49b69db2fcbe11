"""When a queued run will start and why it waits, as the API answers; living workers; and the cost in queries."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from typing import Any
from unittest.mock import patch

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django.fixtures import Settings

from access.models import Project
from runs import lifecycle, measurements, queue
from runs.models import Run, Worker
from runs.scheduling import workers
from runs.scheduling.forecast import forecast
from tests.runs.conftest import CONFIG, MakeRun

pytestmark = pytest.mark.django_db
NAME = "gpu1:77"


def asking(**trainer: Any) -> dict[str, Any]:
    return {**CONFIG, "trainer": {"max_epochs": 10, **trainer}, "model": {"name": "cnn"}}


def training(make_run: MakeRun, worker: str = NAME, **columns: Any) -> Run:
    """Make a run that has been training on that worker from now on."""
    defaults = {"status": "in_progress", "attempt": 1, "attempt_start": timezone.now(), "worker": worker}
    return make_run(**defaults | columns)


def told(api: Client, run: Run) -> dict[str, Any]:
    """Read the run's forecast from its page; the list and the queue must say the same at that moment."""
    names = ("queue_position", "estimated_start", "waits_for")
    with patch.object(timezone, "now", return_value=timezone.now()):
        detail = api.get(f"/api/runs/{run.pk}/").json()
        [row] = [one for one in api.get("/api/runs/").json()["results"] if one["id"] == run.pk]
        [place] = [one for one in api.get("/api/queue/").json()["runs"] if one["run_id"] == run.pk]
    found = {name: detail[name] for name in names}
    assert {name: row[name] for name in names} == {name: place[name] for name in names} == found
    return found


def seconds_until(moment: str) -> float:
    return (datetime.fromisoformat(moment) - timezone.now()).total_seconds()


def test_a_run_starts_when_those_before_it_are_done(api: Client, make_run: MakeRun) -> None:
    """Calculate by hand: the slot is free in 600 s.

    The run before takes 10 epochs at 30 s, as the completed one did.
    """
    workers.register(NAME, "gpu1", 1, [])
    make_run(status="completed", duration_seconds=600.0, max_epochs=20, config=asking())
    training(make_run, eta_seconds=600.0)
    first, second = make_run(config=asking()), make_run(config=asking())
    found = [told(api, run) for run in (first, second)]
    assert seconds_until(found[0]["estimated_start"]) == pytest.approx(605, abs=10)
    assert seconds_until(found[1]["estimated_start"]) == pytest.approx(905, abs=10)
    assert [one["waits_for"] for one in found] == ["All slots are busy (1 slot).", "1 run before it."]


def test_a_training_without_an_eta_is_judged_by_others_until_it_takes_longer(make_run: MakeRun) -> None:
    workers.register(NAME, "gpu1", 1, [])
    make_run(status="completed", duration_seconds=300.0, config=asking())
    now = timezone.now()
    running = training(make_run, attempt_start=now - timedelta(seconds=100), config=asking())
    run = make_run(config=asking())
    place = forecast(now).of(run.pk)
    assert place is not None
    assert place.estimated_start is not None
    assert 200 <= (place.estimated_start - now).total_seconds() <= 210
    Run.objects.filter(pk=running.pk).update(attempt_start=now - timedelta(seconds=301))
    overdue = forecast(now).of(run.pk)
    assert overdue is not None
    assert overdue.estimated_start is None


def test_without_experience_nothing_is_made_up(api: Client, make_run: MakeRun) -> None:
    workers.register(NAME, "gpu1", 1, [])
    training(make_run)
    assert told(api, make_run())["estimated_start"] is None


def test_a_paused_queue_and_a_missing_worker_are_named(api: Client, user: User, make_run: MakeRun) -> None:
    run = make_run()
    missing = "No worker is running: start one with `manage.py worker`."
    assert told(api, run) == {"queue_position": 1, "estimated_start": None, "waits_for": missing}
    workers.register(NAME, "gpu1", 1, [])
    assert told(api, run)["waits_for"] == "A worker will start it shortly."
    assert seconds_until(told(api, run)["estimated_start"]) < 11
    queue.pause(user, "")
    assert told(api, run) == {"queue_position": 1, "estimated_start": None, "waits_for": "The queue is paused."}


def test_a_run_that_does_not_wait_has_no_place(api: Client, make_run: MakeRun) -> None:
    detail = api.get(f"/api/runs/{training(make_run).pk}/").json()
    assert [detail[name] for name in ("queue_position", "estimated_start", "waits_for")] == [None, None, None]


def test_missing_gpus_are_counted(api: Client, make_run: MakeRun) -> None:
    workers.register(NAME, "gpu1", 4, ["0", "1"])
    training(make_run, f"{NAME} GPU 0,1", eta_seconds=30.0)
    run = make_run(config=asking(devices=2))
    assert told(api, run)["waits_for"] == "It needs 2 GPUs, none free."
    assert seconds_until(told(api, run)["estimated_start"]) == pytest.approx(35, abs=10)
    Run.objects.filter(status="in_progress").update(worker=f"{NAME} GPU 1")
    assert told(api, run)["waits_for"] == "It needs 2 GPUs, 1 free."


def test_the_limit_per_user_is_named(api: Client, make_run: MakeRun, settings: Settings) -> None:
    settings.RUNS_PER_USER = 1
    workers.register(NAME, "gpu1", 2, [])
    training(make_run, eta_seconds=60.0)
    run = make_run()
    assert told(api, run)["waits_for"] == "1 run of ada trains already, the limit per user."
    assert seconds_until(told(api, run)["estimated_start"]) == pytest.approx(65, abs=10)


def test_the_quota_of_the_project_is_named(api: Client, make_run: MakeRun) -> None:
    workers.register(NAME, "gpu1", 2, [])
    training(make_run, eta_seconds=60.0)
    run = make_run()
    Project.objects.filter(pk=1).update(max_running=1)
    assert told(api, run)["waits_for"] == "1 run of the project Default trains already, its quota."
    assert seconds_until(told(api, run)["estimated_start"]) == pytest.approx(65, abs=10)
    Project.objects.filter(pk=1).update(max_running=0)
    Run.objects.filter(status="in_progress").delete()
    assert told(api, run)["waits_for"] == (
        "The quota of the project Default lets no run train; an operator of this server can change it."
    )
    assert told(api, run)["estimated_start"] is None


def test_living_workers_are_listed_and_lost_ones_are_not(api: Client, make_run: MakeRun, settings: Settings) -> None:
    workers.register(NAME, "gpu1", 3, ["GPU-a"])
    workers.register("old:1", "old", 9, [])
    lost = timezone.now() - timedelta(seconds=settings.LEASE_SECONDS + 1)
    Worker.objects.filter(name="old:1").update(seen_at=lost)
    training(make_run, f"{NAME} GPU GPU-a")
    training(make_run, "manage-train:5")
    found = api.get("/api/queue/").json()
    [one] = found["workers"]
    assert seconds_until(one.pop("seen_at")) == pytest.approx(0, abs=5)
    assert seconds_until(one.pop("started_at")) == pytest.approx(0, abs=5)
    [trained] = one.pop("runs")
    assert trained["gpus"] == ["GPU-a"]
    assert one == {"name": NAME, "host": "gpu1", "slots": 3, "busy": 1, "gpus": ["GPU-a"]}
    assert [absent["name"] for absent in found["absent_workers"]] == ["manage-train:5"]
    assert (found["slots"], found["running"], workers.load()) == (3, 2, (3, 1))
    assert workers.remove_lost() == 1
    assert [worker.name for worker in Worker.objects.all()] == [NAME]
    workers.register(NAME, "gpu1", 2, [])
    workers.deregister(NAME)
    assert workers.load() == (0, 0)


def test_moving_a_run_does_not_restart_its_wait(user: User) -> None:
    run = lifecycle.create(user, CONFIG)
    since = timezone.now() - timedelta(seconds=90)
    Run.objects.filter(pk=run.pk).update(queued_at=since)
    lifecycle.prioritize(run.pk, -1)
    assert measurements.longest_wait(since + timedelta(seconds=100)) == pytest.approx(100)
    claimed = lifecycle.claim_next("a worker")
    assert claimed is not None
    lifecycle.release(run.pk, claimed.attempt, "Drained.")
    queued_at = Run.objects.get(pk=run.pk).queued_at
    assert queued_at is not None
    assert queued_at > since + timedelta(seconds=60), "it waits again"


def test_two_hundred_queued_runs_cost_no_more_queries_than_two(api: Client, make_run: MakeRun) -> None:
    workers.register(NAME, "gpu1", 2, [])
    make_run(status="completed", duration_seconds=300.0, config=asking())
    counts = []
    for number in (2, 198):
        for _ in range(number):
            make_run(config=asking())
        for path in ("/api/runs/?page_size=200", "/api/queue/"):
            began = time.process_time()
            with CaptureQueriesContext(connection) as asked:
                answer = api.get(path).json()
            counts.append(len(asked))
            assert time.process_time() - began < 1
    assert counts == [14, 7, 13, 7], "what new runs ask for is read once, of completed ones and of those that wait"
    assert len(answer["runs"]) == 200
    assert None not in {one["estimated_start"] for one in answer["runs"]}
