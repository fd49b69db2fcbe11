"""GET /api/queue/runs/ and gpus/, workers with their trainings, and the page of the queue that has them all."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from runs import lifecycle, queue, recorder
from runs.events import GpuUsage, ResourceUsage
from runs.models import Run
from runs.scheduling import queue_rows, workers
from tests.browser import story

pytestmark = pytest.mark.django_db
UUID = "GPU-5d1d"
GIB = 1024**3


def training(owner: User, worker: str) -> Run:
    taken = lifecycle.claim(story.submit(owner).pk, worker)
    assert taken is not None
    return taken


def measure(run: Run, used: int | None, gpu: str = UUID) -> None:
    seen = GpuUsage(id=gpu, name="H100", utilisation=0.5, memory_used=used, memory_total=80 * GIB, temperature=None)
    usage = story.usage()
    fields = {name: getattr(usage, name) for name in usage.__struct_fields__}
    recorder.record(run.pk, run.attempt, [recorder.stamp(ResourceUsage(**fields | {"gpus": [seen]}))])


def gpus(api: Client) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = api.get("/api/queue/gpus/").json()["gpus"]
    return found


def test_runs_that_wait_come_in_their_order_and_those_that_train_newest_first(api: Client, user: User) -> None:
    trained = [training(user, "gpu1:7").pk for _ in range(2)]
    waiting = [story.submit(user).pk for _ in range(3)]
    Run.objects.filter(pk=waiting[2]).update(priority=5)
    story.end(training(user, "gpu1:7"))  # an ended one is in neither
    found = api.get("/api/queue/runs/").json()
    assert [row["id"] for row in found["queued"]] == [waiting[2], *waiting[:2]]
    assert [row["id"] for row in found["running"]] == trained[::-1]
    row = found["queued"][1]
    assert (row["owner"], row["priority"], row["status"]) == (user.username, 0, "queued")
    assert row["progress"] == {
        "fraction": 0.0, "epoch": None, "max_epochs": 6, "samples_per_second": None, "eta_seconds": None,
    }  # fmt: skip
    assert Client().get("/api/queue/runs/").status_code == 401


def test_many_are_cut_and_cost_no_more_queries(api: Client, user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue_rows, "SHOWN_RUNS", 3)
    for _ in range(5):
        story.submit(user)
    with CaptureQueriesContext(connection) as asked:
        found = queue_rows.unfinished(user)
    assert (len(found["queued"]), len(asked)) == (3, 3), "the projects of the user, and both parts"
    assert [row["id"] for row in found["queued"]] == list(queue.waiting().values_list("pk", flat=True)[:3])


def test_a_deleted_run_is_in_neither(api: Client, user: User) -> None:
    run = story.submit(user)
    assert api.post(f"/api/runs/{run.pk}/delete/", "{}", content_type="application/json").status_code == 200
    assert api.get("/api/queue/runs/").json() == {"queued": [], "running": []}


def test_workers_name_what_they_train_also_when_they_are_gone(api: Client, user: User) -> None:
    workers.register("gpu1:7", "gpu1", 2, ["0", "1"])
    first, second = training(user, "gpu1:7 GPU 1"), training(user, "gpu2:9")
    found = api.get("/api/queue/").json()
    [worker] = found["workers"]
    assert worker["runs"] == [{"run_id": first.pk, "gpus": ["1"]}]
    assert worker["busy"] == 1
    assert worker["started_at"] <= worker["seen_at"]
    assert found["absent_workers"] == [{"name": "gpu2:9", "runs": [{"run_id": second.pk, "gpus": []}]}]
    workers.deregister("gpu1:7")
    assert [one["name"] for one in api.get("/api/queue/").json()["absent_workers"]] == ["gpu1:7", "gpu2:9"]


def test_a_gpu_that_no_run_has_is_free_and_unmeasured(api: Client) -> None:
    workers.register("gpu1:7", "gpu1", 2, [UUID])
    assert gpus(api) == [
        {
            "id": UUID, "host": "gpu1", "worker": "gpu1:7", "name": None, "utilisation": None, "memory_used": None,
            "memory_total": None, "temperature": None, "measured_at": None, "runs": [], "busy": False,
        }
    ]  # fmt: skip


@pytest.mark.parametrize("name", [UUID, "0"])
def test_a_gpu_has_the_memory_that_its_run_measured_last(api: Client, user: User, name: str) -> None:
    """A worker may name its GPUs by number: then the first of a run is the first that was measured."""
    workers.register("gpu1:7", "gpu1", 2, [name])
    run = training(user, f"gpu1:7 GPU {name}")
    measure(run, 2 * GIB)
    measure(run, 3 * GIB)
    [gpu] = gpus(api)
    assert (gpu["id"], gpu["runs"], gpu["name"]) == (name, [run.pk], "H100")
    assert (gpu["memory_used"], gpu["memory_total"], gpu["utilisation"]) == (3 * GIB, 80 * GIB, 0.5)


def test_a_gpu_that_is_shared_names_all_who_see_it(api: Client, user: User) -> None:
    workers.register("gpu1:7", "gpu1", 2, [])
    runs = [training(user, "gpu1:7") for _ in range(2)]
    for run in runs:
        measure(run, run.pk * GIB)
    [gpu] = gpus(api)
    assert gpu["memory_used"] == runs[1].pk * GIB  # the newest measurement
    assert sorted(gpu["runs"]) == [run.pk for run in runs]


def test_what_an_earlier_attempt_measured_elsewhere_is_not_told(api: Client, user: User) -> None:
    run = training(user, "gpu1:7")
    measure(run, GIB)
    Run.objects.filter(pk=run.pk).update(attempt=run.attempt + 1, worker="cpu:1")
    assert gpus(api) == []


def test_memory_that_no_driver_tells_stays_unknown(api: Client, user: User) -> None:
    workers.register("gpu1:7", "gpu1", 1, [UUID])
    measure(training(user, f"gpu1:7 GPU {UUID}"), None)
    [gpu] = gpus(api)
    assert (gpu["memory_used"], gpu["memory_total"]) == (None, 80 * GIB)


def test_the_page_has_all_of_it_and_no_name_is_markup(browser_session: Client, user: User) -> None:
    run = story.submit(user, "</script><b>bold</b>")
    html = browser_session.get("/queue/").content.decode()
    found = re.findall(r'<script id="(queue-\w+)" type="[^"]+">(.*?)</script>', html)
    parts = {name: json.loads(text) for name, text in found}
    assert parts["queue-report"]["runs"][0]["waits_for"].startswith("No worker is running")
    assert parts["queue-rows"]["queued"][0]["experiment_name"] == run.experiment_name
    assert parts["queue-gpus"] == []
    assert "<b>bold" not in html
    assert Client().get("/queue/").status_code == 302
