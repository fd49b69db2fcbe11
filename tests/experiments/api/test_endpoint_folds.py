"""Cross-validation as one submit: one run per fold, in one group, all or none."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connections
from django.test import Client
from django.urls import resolve
from pytest_django.fixtures import Settings

from experiments.training.contract.config import TrainingConfig
from runs import lifecycle
from runs.models import Run, RunEvent, RunGroup
from tests.experiments.api.test_endpoint import VALID, errors_of, post, small
from tests.experiments.training.datasets import with_csv

pytestmark = pytest.mark.django_db(transaction=True)
FOLDS: dict[str, Any] = VALID | {"data": {"folds": 3, "test_fraction": 0.1}, "seed": 7}
KEY = {"Idempotency-Key": "once"}


def test_folds_are_runs_of_one_group(api: Client, user: User) -> None:
    response = post(api, FOLDS)
    assert response.status_code == 202
    answer = json.loads(response.content)
    group, runs = RunGroup.objects.get(), list(Run.objects.order_by("id"))
    assert (answer["group_id"], answer["run_ids"]) == (group.pk, [run.pk for run in runs])
    assert (answer["run_id"], answer["status"]) == (runs[0].pk, "queued")
    assert (group.name, group.owner, group.kind, group.size) == ("Lungs", user, "folds", 3)
    assert [(run.group, run.fold, run.folds, run.status) for run in runs] == [
        (group, fold, 3, "queued") for fold in (1, 2, 3)
    ]
    names = {
        name: resolve(url.removeprefix("http://testserver")).url_name
        for name, url in answer["links"].items()
        if name != "events"
    }
    assert names == {"run": "run-detail", "page": "run-page", "group": "group-detail", "group_page": "group-page"}


def test_each_run_has_a_configuration_of_its_own(api: Client) -> None:
    post(api, FOLDS)
    request = TrainingConfig.model_validate(RunGroup.objects.get().config)
    assert (request.data.folds, request.data.fold) == (3, None)
    configs = [TrainingConfig.model_validate(run.config) for run in Run.objects.order_by("id")]
    assert [config.data.fold for config in configs] == [1, 2, 3]
    assert {config.seed for config in configs} == {7}
    assert all(config.of_each_run() == [config] for config in configs)
    assert request.of_each_run() == configs


def test_each_run_has_its_journal_and_its_place_in_the_queue(api: Client) -> None:
    post(api, FOLDS)
    events = [json.loads(event.data) for event in RunEvent.objects.order_by("run_id")]
    assert [(event["status"], event["queue_position"]) for event in events] == [("queued", n) for n in (1, 2, 3)]


def test_one_fold_alone_is_a_run_without_a_group(api: Client) -> None:
    answer = json.loads(post(api, VALID | {"data": {"folds": 5, "fold": 4}}).content)
    run = Run.objects.get()
    assert (run.fold, run.folds, run.group) == (4, 5, None)
    assert (answer["run_ids"], answer["group_id"], "group" in answer["links"]) == ([run.pk], None, False)


def test_a_run_without_folds_has_none(api: Client) -> None:
    post(api, VALID)
    run = Run.objects.get()
    assert (run.fold, run.folds, run.group) == (None, None, None)


def test_the_same_key_and_request_is_one_group(api: Client) -> None:
    first, second = (post(api, FOLDS, **KEY) for _ in range(2))
    assert first.status_code == second.status_code == 202
    assert first.content == second.content
    assert (RunGroup.objects.count(), Run.objects.count()) == (1, 3)


@pytest.mark.parametrize(
    ("first", "second"), [(FOLDS, VALID), (VALID, FOLDS), (FOLDS, VALID | {"data": {"folds": 4}, "seed": 7})]
)
def test_a_key_of_another_request_is_a_conflict(api: Client, first: dict[str, Any], second: dict[str, Any]) -> None:
    post(api, first, **KEY)
    before = Run.objects.count()
    response = post(api, second, **KEY)
    assert response.status_code == 409
    assert "send a new key" in json.loads(response.content)["detail"]
    assert Run.objects.count() == before


def test_the_same_key_many_times_at_once_is_one_group(api: Client) -> None:
    def submit(_: int) -> Any:
        try:
            return json.loads(post(api, FOLDS, **KEY).content)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(submit, range(8)))
    assert all(answer == answers[0] for answer in answers)
    assert (RunGroup.objects.count(), Run.objects.count()) == (1, 3)


def test_all_folds_are_queued_or_none(api: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    made = lifecycle.create

    def fails_at_last(owner: User, config: dict[str, Any], **columns: Any) -> Run:
        if config["data"]["fold"] == 3:
            raise OSError("the disk is full")
        return made(owner, config, **columns)

    monkeypatch.setattr(lifecycle, "create", fails_at_last)
    with pytest.raises(OSError, match="full"):
        post(api, FOLDS)
    assert (RunGroup.objects.count(), Run.objects.count(), RunEvent.objects.count()) == (0, 0, 0)


@pytest.mark.parametrize(
    ("data", "field", "cure"),
    [
        ({"folds": 1}, "data.folds", "greater than or equal to 2"),
        ({"folds": 21}, "data.folds", "less than or equal to 20"),
        ({"folds": "five"}, "data.folds", "integer"),
        ({"fold": 2}, "data.fold", "one of data.folds; give both"),
        ({"folds": 3, "fold": 0}, "data.fold", "greater than or equal to 1"),
        ({"folds": 3, "fold": 4}, "data.fold", "at most 3"),
        ({"folds": 3, "val_fraction": 0.3}, "data.folds", "leave data.val_fraction out"),
        ({"folds": 3, "split_file": "split.csv"}, "data.folds", "give one of the two"),
        ({"folds": 2, "batch_size": 285}, "data.batch_size", "at most 284"),
    ],
)
def test_folds_that_contradict_are_named_with_their_cure(
    api: Client, data: dict[str, Any], field: str, cure: str
) -> None:
    errors = errors_of(post(api, VALID | {"data": data}))
    assert cure in errors[field], errors
    assert not RunGroup.objects.exists()


def test_any_share_of_test_samples_may_be_held_out_of_folds(api: Client) -> None:
    """`val_fraction` has a default, and means nothing here."""
    assert post(api, VALID | {"data": {"folds": 2, "test_fraction": 0.8}}).status_code == 202


def test_a_class_too_small_for_the_folds_is_named_before_anything_is_queued(
    api: Client, tmp_path: Path, settings: Settings
) -> None:
    settings.LIVETRAIN_DATA_ROOTS = [tmp_path]
    folder = with_csv(tmp_path / "lungs", {f"{n:02d}": int(n < 3) for n in range(20)})
    body = small(folder) | {"data": {"batch_size": 2, "folds": 4}}
    assert "class '1' has 3; choose at most 3 folds" in errors_of(post(api, body))["data.folds"]
    assert not RunGroup.objects.exists()
