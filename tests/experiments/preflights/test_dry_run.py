"""`?dry_run=true`: the report of a request and no run, whatever happens to the worker that makes it."""

from __future__ import annotations

import json
import shutil
import signal
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

from experiments.api import views
from experiments.models import Preflight
from experiments.preflights import requests, state, worker_thread
from experiments.training.contract.config import TrainingConfig
from experiments.training.contract.preflight_report import Preflight as Report
from experiments.training.data.sources import SourceError
from experiments.worker.maintenance import Maintenance
from runs.leases import Fenced
from runs.models import Run
from tests.experiments.preflights.conftest import Stuck, Working
from tests.experiments.training.datasets import with_class_folders
from tests.waiting import eventually

pytestmark = pytest.mark.django_db(transaction=True)
URL = "/api/experiments/centralized/train?dry_run=true"
VALID: dict[str, Any] = {"experiment_name": "Lungs", "source_path": "builtin:breast-cancer"}


def post(client: Client, body: dict[str, Any], url: str = URL) -> HttpResponse:
    return client.post(url, data=json.dumps(body), content_type="application/json")  # type: ignore[return-value]


def content(response: Any) -> Any:
    return json.loads(response.content)


def test_a_dry_run_is_answered_with_the_report_and_makes_no_run(api: Client, user: User, worker: Working) -> None:
    response = post(api, VALID)
    assert response.status_code == 200, response.content
    answer = content(response)
    assert (answer["status"], answer["problem"], answer["owner"]) == ("done", None, "ada")
    report = msgspec.convert(answer["report"], type=Report)
    assert report.verdict == "ready"
    assert sum(part.total for part in report.counts) == 569
    assert report.trial is not None
    assert report.table is not None
    assert not Run.objects.exists()
    found = Preflight.objects.get()
    assert (found.owner, found.config["source_path"]) == (user, "builtin:breast-cancer")
    assert eventually(lambda: not found.folder.exists())  # cleared once the answer is stored
    again = api.get(answer["links"]["self"])
    assert content(again) == answer


def test_what_cannot_be_trained_is_said_in_the_report(
    api: Client, worker: Working, tmp_path: Path, settings: Settings
) -> None:
    """The check of the request looks at names and a sample of files only."""
    settings.LIVETRAIN_DATA_ROOTS = [tmp_path]
    with_class_folders(tmp_path / "pets", {"healthy": 12, "sick": 12})
    shutil.copytree(tmp_path / "pets" / "healthy", tmp_path / "pets" / "sick", dirs_exist_ok=True)
    answer = content(post(api, VALID | {"source_path": "pets", "data": {"batch_size": 4, "image_size": 8}}))
    assert answer["report"]["verdict"] == "blocked"
    codes = {finding["code"]: finding["text"] for finding in answer["report"]["findings"]}
    assert "exact cop" in codes["leakage"]
    assert codes["label_conflicts"].startswith("12 groups of copies with different classes: ")
    assert not Run.objects.exists()


def test_a_report_that_takes_long_is_answered_with_its_place(
    api: Client, monkeypatch: pytest.MonkeyPatch, client: Client
) -> None:
    monkeypatch.setattr(views, "DRY_RUN_WAIT_SECONDS", 0.3)
    response = post(api, VALID)
    answer = content(response)
    assert response.status_code == 202
    assert (answer["status"], answer["report"]) == ("queued", None)
    pk = answer["preflight_id"]
    assert answer["links"] == {
        "self": f"http://testserver/api/experiments/preflights/{pk}/",
        "page": f"http://testserver/preflights/{pk}/",
    }
    assert content(api.get(answer["links"]["self"]))["status"] == "queued"
    assert client.get(answer["links"]["self"]).status_code == 401
    assert client.get(answer["links"]["page"]).status_code == 302
    assert api.get(f"/api/experiments/preflights/{pk + 1}/").status_code == 404
    assert not Run.objects.exists()


@pytest.mark.parametrize(
    ("body", "field"),
    [({"trainer": {"max_epochs": 0}}, "trainer.max_epochs"), ({"source_path": "builtin:cats"}, "source_path")],
)
def test_a_wrong_request_is_refused_as_always(api: Client, body: dict[str, Any], field: str) -> None:
    response = post(api, VALID | body)
    assert response.status_code == 400
    assert [error["field"] for error in content(response)["errors"]] == [field]
    assert not Preflight.objects.exists()


def test_nobody_without_a_login_asks_for_anything(client: Client) -> None:
    assert post(client, VALID).status_code == 401
    assert not Preflight.objects.exists()


@pytest.mark.parametrize("written", ["maybe", "2"])
def test_dry_run_is_true_or_false(api: Client, written: str) -> None:
    response = post(api, VALID, f"/api/experiments/centralized/train?dry_run={written}")
    assert content(response)["errors"][0]["field"] == "dry_run"
    assert not Preflight.objects.exists()
    assert not Run.objects.exists()


@pytest.mark.parametrize("written", ["21", "-1", "nan", "1e1", "soon", "٣"])
def test_the_wait_is_seconds_up_to_20(api: Client, written: str) -> None:
    response = post(api, VALID, f"{URL}&wait={written}")
    assert content(response)["errors"][0]["field"] == "wait"
    assert Preflight.objects.count() == 0


def test_without_a_wait_the_answer_comes_at_once(api: Client) -> None:
    response = post(api, VALID, f"{URL}&wait=0")
    assert (response.status_code, content(response)["status"]) == (202, "queued")


def test_dry_run_false_queues_a_run(api: Client) -> None:
    assert post(api, VALID, "/api/experiments/centralized/train/?dry_run=false").status_code == 202
    assert Run.objects.count() == 1
    assert not Preflight.objects.exists()


def test_what_can_be_told_at_once_is_raised(user: User) -> None:
    with pytest.raises(SourceError, match="LIVETRAIN_DATA_ROOTS"):
        requests.request(TrainingConfig(experiment_name="x", source_path="x"), user)


def test_data_that_go_bad_after_the_request_are_a_problem_in_words(
    user: User, worker: Working, tmp_path: Path, settings: Settings
) -> None:
    settings.LIVETRAIN_DATA_ROOTS = [tmp_path]
    settings.PREFLIGHTS_ROOT = tmp_path / "preflights"
    folder = with_class_folders(tmp_path / "pets", {"healthy": 12, "sick": 12})
    config = TrainingConfig.model_validate(VALID | {"source_path": "pets", "data": {"batch_size": 4}})
    worker.stop()
    asked = requests.request(config, user)
    for image in folder.rglob("*.png"):
        image.write_bytes(b"")
    assert worker_thread.make(asked.pk, draining=threading.Event())
    asked.refresh_from_db()
    assert (asked.status, asked.report) == ("failed", None)
    assert "24 of 24 images cannot be read" in (asked.problem or "")
    assert "Traceback" in (asked.folder / "train.log").read_text()


def test_a_killed_process_is_a_problem_in_words(asked: Preflight, stuck: Stuck) -> None:
    stuck.processes[0].kill()
    eventually(lambda: Preflight.objects.get(pk=asked.pk).status == "failed")
    assert signal.SIGKILL.name in (Preflight.objects.get(pk=asked.pk).problem or "")


def test_draining_gives_it_back_to_the_queue(asked: Preflight, stuck: Stuck) -> None:
    stuck.working.stop()
    asked.refresh_from_db()
    assert (asked.status, asked.worker, asked.progress) == ("queued", "", "")


def test_the_report_of_a_killed_worker_is_taken_up_again(asked: Preflight, warm: None, worker: Working) -> None:
    """The dead one's row is what a worker leaves behind that was killed: held, with a lease that has ended."""
    worker.stop()
    dead = state.claim(asked.pk, "a worker that was killed")
    assert dead is not None
    Preflight.objects.filter(pk=asked.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    reaper, living = Maintenance(), Working()
    reaper.start()
    try:
        eventually(lambda: Preflight.objects.get(pk=asked.pk).status == "done", within=30)
    finally:
        living.stop()
        reaper.stop()
        reaper.join()
    asked.refresh_from_db()
    assert asked.report is not None
    assert (asked.attempt, asked.report["verdict"]) == (dead.attempt + 1, "ready")
    with pytest.raises(Fenced):
        state.fail(dead.pk, dead.attempt, "too late")


def test_one_that_is_lost_too_often_is_given_up(asked: Preflight, settings: Settings) -> None:
    settings.ATTEMPT_LIMIT = 2
    for attempt in (1, 2):
        claimed = state.claim(asked.pk, "doomed")
        assert claimed is not None
        assert claimed.attempt == attempt
        assert state.recover_lost() == []
        assert state.recover_lost(timezone.now() + timedelta(seconds=settings.LEASE_SECONDS + 1)) == [asked.pk]
    asked.refresh_from_db()
    assert asked.status == "failed"
    assert "lost 2 times" in (asked.problem or "")
    assert state.claim(asked.pk, "another") is None


def test_only_one_worker_gets_it(asked: Preflight) -> None:
    assert state.claim(asked.pk, "first") is not None
    assert state.claim(asked.pk, "second") is None
    assert not worker_thread.make(asked.pk, draining=threading.Event())


def test_one_whose_lease_was_lost_writes_nothing(asked: Preflight, stuck: Stuck) -> None:
    Preflight.objects.filter(pk=asked.pk).update(attempt=2, worker="somebody else", progress="theirs")
    stuck.working.thread.stop()
    asked.refresh_from_db()
    assert (asked.status, asked.worker, asked.progress) == ("running", "somebody else", "theirs")
