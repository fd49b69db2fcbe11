"""The `priority` of a request, and POST /api/runs/<id>/priority/, as their users call them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.test import Client

from experiments import launch
from experiments.training.contract.config import TrainingConfig
from experiments.worker import tasks
from runs import lifecycle
from runs.models import Run, RunEvent
from tests.tokens import new_token

pytestmark = pytest.mark.django_db(transaction=True)
BODY: dict[str, Any] = {"experiment_name": "Lungs", "source_path": "builtin:breast-cancer"}


@pytest.fixture
def staff() -> Client:
    user = User.objects.create_user("grace", is_staff=True)
    return Client(headers={"authorization": f"Token {new_token(user)}"})


def post(client: Client, path: str, body: Any, **headers: str) -> HttpResponse:
    return client.post(path, json.dumps(body), content_type="application/json", headers=headers)  # type: ignore[return-value]


def submitted(client: Client, **changes: Any) -> Run:
    response = post(client, "/api/experiments/centralized/train", BODY | changes)
    assert response.status_code == 202, response.content
    return Run.objects.get(pk=json.loads(response.content)["run_id"])


def move(client: Client, run: Run, priority: Any) -> tuple[int, dict[str, Any]]:
    response = post(client, f"/api/runs/{run.pk}/priority/", {"priority": priority})
    return response.status_code, json.loads(response.content)


def test_a_request_says_how_urgent_it_is_and_the_run_is_the_same(api: Client) -> None:
    plain, patient = submitted(api), submitted(api, priority=-5)
    assert (plain.priority, patient.priority) == (0, -5)
    assert plain.config == patient.config


def test_every_fold_has_the_priority(api: Client) -> None:
    submitted(api, priority=-2, data={"folds": 3})
    assert list(Run.objects.values_list("priority", flat=True)) == [-2, -2, -2]


@pytest.mark.parametrize(("priority", "told"), [(1, "Only staff"), (101, "100"), (-101, "-100"), (1.5, "integer")])
def test_a_wrong_priority_is_named(api: Client, priority: Any, told: str) -> None:
    response = post(api, "/api/experiments/centralized/train", BODY | {"priority": priority})
    [error] = json.loads(response.content)["errors"]
    assert (response.status_code, error["field"]) == (400, "priority")
    assert told in error["message"]
    assert not Run.objects.exists()


def test_the_same_request_with_another_priority_is_still_the_same_request(api: Client) -> None:
    answers = [
        post(api, "/api/experiments/centralized/train", BODY | {"priority": priority}, **{"Idempotency-Key": "k"})
        for priority in (0, -3)
    ]
    assert [answer.status_code for answer in answers] == [202, 202]
    assert [run.priority for run in Run.objects.all()] == [0]


def test_staff_may_ask_for_more(staff: Client) -> None:
    assert submitted(staff, priority=50).priority == 50


@pytest.mark.parametrize(("own", "copied"), [(-4, -4), (20, 0)])
def test_a_copy_is_as_urgent_as_its_owner_may_ask(api: Client, own: int, copied: int) -> None:
    run = submitted(api)
    lifecycle.prioritize(run.pk, own)
    found = json.loads(post(api, f"/api/runs/{run.pk}/clone/", {"seed": 7}).content)
    assert Run.objects.get(pk=found["run_id"]).priority == copied


def test_a_clone_may_say_another_priority(api: Client) -> None:
    found = json.loads(post(api, f"/api/runs/{submitted(api).pk}/clone/", {"priority": -9}).content)
    assert Run.objects.get(pk=found["run_id"]).priority == -9


def test_the_owner_lowers_and_staff_raise(api: Client, staff: Client) -> None:
    run, other = submitted(api), submitted(api)
    status, found = move(api, run, -1)
    assert (status, found["priority"], found["queue_position"]) == (202, -1, 2)
    status, found = move(api, run, 0)
    assert (status, found["detail"]) == (403, f"Run {run.pk} has priority -1; only staff may raise it.")
    status, found = move(staff, run, 100)
    assert (status, found["priority"], found["queue_position"]) == (202, 100, 1)
    assert api.get(f"/api/runs/{other.pk}/").json()["queue_position"] == 2


def test_others_may_not_move_it(api: Client) -> None:
    run = launch.create(TrainingConfig.model_validate(BODY), User.objects.create_user("bob"))[0]
    assert move(api, run, -1)[0] == 403
    assert move(Client(), run, -1)[0] == 401
    assert Run.objects.get(pk=run.pk).priority == 0


@pytest.mark.parametrize("priority", [101, -101, "soon", None])
def test_a_wrong_place_is_named(api: Client, priority: Any) -> None:
    run = submitted(api)
    status, found = move(api, run, priority)
    assert (status, found["errors"][0]["field"]) == (400, "priority")


def test_a_running_run_has_no_place_in_the_queue(api: Client) -> None:
    run = submitted(api)
    lifecycle.claim(run.pk, "a worker")
    status, found = move(api, run, -1)
    assert (status, found["detail"]) == (
        409,
        f"Run {run.pk} is in progress: only queued runs have a place in the queue.",
    )


def test_a_woken_slot_takes_what_is_most_urgent_until_nothing_waits(user: User) -> None:
    """Whatever the message was sent for; the runs end at once, because their data are gone."""
    config = TrainingConfig.model_validate(BODY | {"source_path": "/nowhere"})
    runs = [lifecycle.create(user, config.model_dump(mode="json"), priority=priority) for priority in (0, 2, -1, 1)]
    tasks.train.fn(runs[0].pk)
    started = RunEvent.objects.filter(type="run_status", data__contains='"in_progress","previous":"queued"')
    assert [event.run_id for event in started.order_by("pk")] == [runs[index].pk for index in (1, 3, 0, 2)]
