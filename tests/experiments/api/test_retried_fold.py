"""A retry of a failed or cancelled fold is that fold of its group from then on."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from experiments import launch
from experiments.training.contract.config import TrainingConfig
from runs import lifecycle
from runs.groups.statistics import report
from runs.models import Run, RunGroup

pytestmark = pytest.mark.django_db(transaction=True)
BODY: dict[str, Any] = {"experiment_name": "Lungs", "source_path": "builtin:breast-cancer", "data": {"folds": 3}}


def post(client: Client, path: str, body: Any = None, key: str = "") -> tuple[int, dict[str, Any]]:
    headers = {"Idempotency-Key": key} if key else {}
    response = client.post(path, json.dumps(body or {}), content_type="application/json", headers=headers)
    return response.status_code, response.json()


def ended(run: Run, status: Any) -> Run:
    claimed = lifecycle.claim(run.pk, "a worker")
    assert claimed is not None
    lifecycle.end(run.pk, claimed.attempt, status, None)
    return Run.objects.get(pk=run.pk)


@pytest.fixture
def folds(user: User) -> list[Run]:
    return launch.create(TrainingConfig.model_validate(BODY), user)


def retried(api: Client, run: Run) -> Run:
    status, found = post(api, f"/api/runs/{run.pk}/retry/")
    assert status == 202
    return Run.objects.get(pk=found["run_id"])


@pytest.mark.parametrize("status", ["failed", "cancelled"])
def test_the_group_shows_the_newest_of_each_fold(api: Client, folds: list[Run], status: str) -> None:
    ended(folds[0], "completed")
    second = ended(folds[1], status)
    newer = retried(api, second)
    assert (newer.group_id, newer.fold, newer.origin_id) == (second.group_id, 2, second.pk)
    group = RunGroup.objects.get()
    found = report(group)
    assert [run.pk for run in found.runs] == [folds[0].pk, newer.pk, folds[2].pk]
    assert found.statuses == {"completed": 1, "queued": 2}
    newest = retried(api, ended(newer, "failed"))
    detail = api.get(f"/api/runs/groups/{group.pk}/").json()
    assert [run["id"] for run in detail["runs"]] == [folds[0].pk, newest.pk, folds[2].pk]
    assert api.get(f"/api/runs/{second.pk}/").json()["replaced"] is True


def test_who_gave_up_its_place_does_not_come_back(api: Client, folds: list[Run]) -> None:
    old = ended(folds[0], "failed")
    newer = retried(api, old)
    Run.objects.filter(pk=old.pk).update(last_checkpoint="checkpoints/a1/last.ckpt")
    status, found = post(api, f"/api/runs/{old.pk}/resume/")
    assert (status, "has its place in the group" in found["detail"]) == (409, True)
    assert not lifecycle.resume(old.pk, "Again.")
    assert retried(api, old).group_id is None, "a second retry stands alone"
    assert report(folds[0].group).runs[0].pk == newer.pk  # type: ignore[arg-type]  # it has one


def test_a_completed_fold_keeps_its_place_and_a_clone_takes_none(api: Client, folds: list[Run]) -> None:
    assert retried(api, ended(folds[0], "completed")).group_id is None
    _, found = post(api, f"/api/runs/{ended(folds[1], 'failed').pk}/clone/", {"seed": 7})
    assert Run.objects.get(pk=found["run_id"]).group_id is None
    assert not Run.objects.filter(replaced=True).exists()


def test_the_same_request_still_gives_the_group(api: Client) -> None:
    _, first = post(api, "/api/experiments/centralized/train", BODY, key="k")
    old = ended(Run.objects.get(pk=first["run_ids"][0]), "failed")
    newer = retried(api, old)
    status, again = post(api, "/api/experiments/centralized/train", BODY, key="k")
    assert (status, again["group_id"]) == (202, first["group_id"])
    assert again["run_ids"] == [newer.pk, *first["run_ids"][1:]]


def test_a_retry_with_a_key_is_made_once(api: Client, folds: list[Run]) -> None:
    old = ended(folds[0], "failed")
    answers = [post(api, f"/api/runs/{old.pk}/retry/", key="r") for _ in range(2)]
    assert [status for status, _ in answers] == [202, 202]
    assert answers[0][1]["run_ids"] == answers[1][1]["run_ids"]
    assert Run.objects.count() == 4
