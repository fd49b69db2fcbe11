"""Quotas of a project where runs are asked for and data are uploaded: refused in words, and nothing is made."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connections
from django.test import Client

from access.models import Project
from experiments.files import upload_space
from experiments.models import Dataset, Upload
from runs import lifecycle
from runs.models import Run, RunGroup
from tests.experiments.datasets.requests import UPLOADS, opened, patch, post
from tests.problems import problem_of
from tests.realtime.writing import queued_run, running_run
from tests.tokens import new_token

pytestmark = pytest.mark.django_db
TRAIN = "/api/experiments/centralized/train"
REQUEST = {"experiment_name": "digits", "source_path": "builtin:digits-is-8"}


def train(client: Client, key: str = "", **more: Any) -> Any:
    headers = {"Idempotency-Key": key} if key else {}
    return client.post(TRAIN, json.dumps(REQUEST | more), content_type="application/json", headers=headers)


def act(client: Client, run: Run, action: str) -> Any:
    return client.post(f"/api/runs/{run.pk}/{action}/", {}, "application/json")


def limit(**quotas: int) -> None:
    Project.objects.filter(pk=1).update(**quotas)


def failed(user: User) -> Run:
    run = running_run(user)
    lifecycle.end(run.pk, run.attempt, "failed", "It broke.")
    Run.objects.filter(pk=run.pk).update(last_checkpoint="checkpoints/last.ckpt")
    return run


def test_a_request_beyond_the_queue_is_refused_and_nothing_is_made(api: Client) -> None:
    limit(max_queued=1)
    assert train(api).status_code == 202
    answer = train(api)
    assert answer.status_code == 429
    found = problem_of(answer, "queue-quota-reached")
    assert {name: found[name] for name in ("quota", "used", "allowed")} == {
        "quota": "max_queued",
        "used": 1,
        "allowed": 1,
    }
    assert found["detail"].startswith("The project Default has 1 of the 1 queued runs that its quota allows.")
    assert Run.objects.count() == 1
    assert lifecycle.claim_next("a worker") is not None
    assert train(api).status_code == 202, "there is room again"


def test_a_cross_validation_is_queued_whole_or_not_at_all(api: Client) -> None:
    limit(max_queued=4)
    answer = train(api, data={"folds": 5})
    assert answer.status_code == 429
    assert "and 5 more are asked for" in answer.json()["detail"]
    assert (Run.objects.count(), RunGroup.objects.count()) == (0, 0)
    limit(max_queued=5)
    assert train(api, data={"folds": 5}).status_code == 202


def test_a_request_that_comes_again_is_answered_as_before(api: Client) -> None:
    limit(max_queued=1)
    first = train(api, key="nightly").json()
    assert train(api, key="nightly").json()["run_id"] == first["run_id"]


def test_retrying_and_resuming_need_room_too(api: Client, user: User) -> None:
    run = failed(user)
    limit(max_queued=0)
    refused = [act(api, run, action) for action in ("retry", "resume")]
    assert [(answer.status_code, answer.json()["quota"]) for answer in refused] == [(429, "max_queued")] * 2
    assert (Run.objects.get(pk=run.pk).status, Run.objects.count()) == ("failed", 1)
    limit(max_queued=1)
    assert act(api, run, "resume").status_code == 202
    assert act(api, run, "resume").status_code == 409, "it is queued, which is no matter of quotas"


def test_a_lost_run_has_its_place_in_a_full_queue(user: User) -> None:
    run = running_run(user)
    limit(max_queued=0)
    lifecycle.release(run.pk, run.attempt, "Drained.")
    assert Run.objects.get(pk=run.pk).status == "queued"


def test_a_full_disk_refuses_runs_and_uploads_and_ends_no_training(api: Client, user: User) -> None:
    training = running_run(user)
    training.folder.mkdir(parents=True)
    (training.folder / "train.log").write_bytes(b"x" * 2000)
    limit(max_disk_bytes=2000)
    answers = [train(api), post(api, UPLOADS, {"filename": "a.csv", "size": 1})]
    assert [answer.status_code for answer in answers] == [409, 409]
    found = [problem_of(answer, "disk-quota-reached") for answer in answers]
    assert [problem["quota"] for problem in found] == ["max_disk_bytes"] * 2
    assert (Run.objects.count(), Dataset.objects.count(), Upload.objects.count()) == (1, 0, 0)
    assert Run.objects.get(pk=training.pk).status == "in_progress"


def test_an_upload_counts_from_its_beginning_until_it_is_deleted(api: Client, tmp_path: Path, settings: Any) -> None:
    settings.DATASETS_ROOT = tmp_path / "datasets"
    limit(max_disk_bytes=100)
    content = b"id,Target\n" + b"1,0\n2,1\n" * 5
    upload = opened(api, "a.csv", len(content))
    assert upload_space.bytes_of([1]) == {1: len(content)}
    refused = post(api, UPLOADS, {"filename": "b.csv", "size": 51})
    assert refused.status_code == 409
    assert "and the file has 51 bytes" in json.loads(refused.content)["detail"]
    assert patch(api, upload, 0, content).status_code == 201
    assert upload_space.bytes_of([1]) == {1: len(content)}
    assert api.delete("/api/datasets/a/").status_code == 204
    assert dict(upload_space.bytes_of([1])) == {}


def test_folders_that_are_registered_take_nothing(user: User, tmp_path: Path) -> None:
    folder = Dataset.Kind.FOLDER
    Dataset.objects.create(name="x", kind=folder, path=str(tmp_path), owner=user, state=Dataset.State.READY)
    limit(max_disk_bytes=1)
    assert dict(upload_space.bytes_of([1])) == {}


def test_another_project_has_room(api: Client, user: User) -> None:
    queued_run(user)
    limit(max_queued=1)
    other = Project.objects.create(name="Heart")
    User.objects.filter(pk=user.pk).update(is_staff=True)
    assert train(api, project=other.name).status_code == 202
    assert train(api, project="Default").status_code == 429


@pytest.mark.django_db(transaction=True)
def test_requests_at_once_pass_no_quota(user: User, tmp_path: Path, settings: Any) -> None:
    """Four trainings and four uploads at once, room for two of each."""
    settings.DATASETS_ROOT = tmp_path / "datasets"
    limit(max_queued=2, max_disk_bytes=25)
    token, together = new_token(user), threading.Barrier(8)

    def ask(number: int) -> int:
        client = Client(headers={"authorization": f"Token {token}"})
        together.wait(10)
        try:
            if number % 2:
                return int(train(client).status_code)
            return post(client, UPLOADS, {"filename": f"{number}.csv", "size": 12}).status_code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(ask, range(8)))
    assert sorted(found[1::2]) == [202, 202, 429, 429]
    assert sorted(found[::2]) == [201, 201, 409, 409]
    assert (Run.objects.count(), Upload.objects.count()) == (2, 2)
