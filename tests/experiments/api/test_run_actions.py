"""POST /api/runs/<id>/cancel/ and the other actions, as their users call them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.test import Client

from experiments import launch
from experiments.api import operations
from experiments.training.contract.config import TrainingConfig
from realtime.hubs import broadcast
from runs import lifecycle
from runs.models import Run
from runs.removal import deletion
from tests.tokens import new_token

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def run(user: User) -> Run:
    """Create a queued run of `user`."""
    config = TrainingConfig.model_validate(
        {"experiment_name": "Lungs", "source_path": "builtin:breast-cancer", "trainer": {"max_epochs": 3}}
    )
    return launch.create(config, user)[0]


def act(client: Client, run: Run, action: str, body: Any = None) -> HttpResponse:
    data = json.dumps({} if body is None else body)
    return client.post(f"/api/runs/{run.pk}/{action}/", data, content_type="application/json")  # type: ignore[return-value]


def answer(response: HttpResponse, status: int = 202) -> dict[str, Any]:
    assert response.status_code == status, response.content
    content: dict[str, Any] = json.loads(response.content)
    return content


def running(run: Run) -> Run:
    lifecycle.claim(run.pk, "a worker")
    return Run.objects.get(pk=run.pk)


def ended(run: Run, status: Any = "failed", **columns: Any) -> Run:
    lifecycle.end(run.pk, running(run).attempt, status, "It is over.")
    Run.objects.filter(pk=run.pk).update(**columns)
    return Run.objects.get(pk=run.pk)


def test_a_queued_run_is_cancelled_at_once(api: Client, run: Run) -> None:
    assert answer(act(api, run, "cancel")) == {
        "run_id": run.pk, "status": "cancelled", "stop_request": None, "reason": "Cancelled by ada.",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("action", "body", "told"),
    [
        ("cancel", {}, ("cancelling", "cancel")),
        ("cancel", {"evaluate": True}, ("cancelling", "cancel_and_evaluate")),
        ("kill", {}, ("cancelling", "kill")),
        ("finish", {}, ("in_progress", "finish")),
    ],
)
def test_a_running_run_is_asked_to_stop(
    api: Client, run: Run, action: str, body: dict[str, Any], told: tuple[str, str]
) -> None:
    for _ in range(2):  # asking twice is no mistake
        found = answer(act(api, running(run), action, body))
        assert (found["status"], found["stop_request"]) == told
    assert lifecycle.renew(run.pk, 1) == told[1]


@pytest.mark.parametrize(
    ("action", "told"),
    [
        ("finish", {"status": "in_progress", "stop_request": "finish", "reason": "Finished early by ada."}),
        ("kill", {"status": "cancelling", "stop_request": "kill", "reason": "Killed by ada."}),
    ],
)
def test_the_answer_is_the_state_in_which_the_request_left_the_run(
    api: Client, run: Run, action: str, told: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the training does with it before the answer is written."""

    def ends_at_once(run_id: int) -> None:
        lifecycle.end(run_id, 1, "completed" if action == "finish" else "cancelled", "It was over.")

    monkeypatch.setattr(operations, "announce", ends_at_once)
    assert answer(act(api, running(run), action)) == {"run_id": run.pk} | told
    assert Run.objects.get(pk=run.pk).status in Run.ENDED


def test_a_deletion_tells_of_itself_although_it_is_undone_at_once(
    api: Client, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(broadcast, "hint", deletion.restore)
    found = answer(act(api, ended(run), "delete"), 200)
    assert found["deleted_at"] is not None
    assert Run.objects.get(pk=run.pk).deleted_at is None


@pytest.mark.parametrize("action", ["cancel", "kill", "finish"])
def test_there_is_nothing_to_stop_in_an_ended_run(api: Client, run: Run, action: str) -> None:
    found = answer(act(api, ended(run, "completed"), action), 409)
    assert found["detail"] == f"Run {run.pk} is completed: there is nothing to stop."


def test_a_queued_run_cannot_be_finished(api: Client, run: Run) -> None:
    assert "Cancel it instead" in answer(act(api, run, "finish"), 409)["detail"]
    assert Run.objects.get(pk=run.pk).status == "queued"


def test_a_wrong_option_is_named(api: Client, run: Run) -> None:
    [error] = answer(act(api, running(run), "cancel", {"evaluate": "perhaps"}), 400)["errors"]
    assert error["field"] == "evaluate"
    assert Run.objects.get(pk=run.pk).status == "in_progress"


@pytest.mark.parametrize(
    "action", ["cancel", "kill", "finish", "resume", "retry", "priority", "move", "delete", "restore"]
)
@pytest.mark.parametrize("body", [{"evalute": True}, ["evaluate"]])
def test_a_body_that_is_not_understood_does_nothing(api: Client, run: Run, action: str, body: Any) -> None:
    [error, *_] = answer(act(api, running(run), action, body), 400)["errors"]
    assert error["field"] == ("evalute" if isinstance(body, dict) else "(body)")
    found = Run.objects.get(pk=run.pk)
    assert (found.status, found.stop_request, found.deleted_at) == ("in_progress", "", None)


def test_a_failed_run_is_resumed(api: Client, run: Run) -> None:
    failed = ended(run, last_checkpoint="checkpoints/a1/epoch0000.ckpt", last_checkpoint_epoch=0)
    assert answer(act(api, failed, "resume"))["status"] == "queued"
    assert "only failed and cancelled" in answer(act(api, failed, "resume"), 409)["detail"]
    assert running(run).attempt == 2


def test_a_run_without_a_complete_epoch_is_not_resumed(api: Client, run: Run) -> None:
    assert "Run it again instead" in answer(act(api, ended(run), "resume"), 409)["detail"]


def test_a_retry_is_a_new_run_of_the_same_configuration(api: Client, run: Run) -> None:
    assert "run it again when it has ended" in answer(act(api, run, "retry"), 409)["detail"]
    found = answer(act(api, ended(run), "retry"))
    copy = Run.objects.get(pk=found["run_id"])
    assert (copy.status, copy.config, copy.origin) == ("queued", run.config, run)
    assert api.get(f"/api/runs/{copy.pk}/").json()["origin"] == run.pk


def test_a_clone_takes_changes_within_groups(api: Client, run: Run) -> None:
    changes = {"experiment_name": "Lungs, slower", "optimizer": {"learning_rate": 1e-5}, "seed": 7}
    copy = Run.objects.get(pk=answer(act(api, run, "clone", changes))["run_id"])
    assert copy.experiment_name == "Lungs, slower"
    assert (copy.seed, copy.max_epochs, copy.origin_id) == (7, 3, run.pk)
    assert copy.config["optimizer"] == run.config["optimizer"] | {"learning_rate": 1e-5}


def test_a_clone_with_another_network_leaves_the_old_ones_options(api: Client, user: User) -> None:
    config = {
        "experiment_name": "Eights",
        "source_path": "builtin:digits-is-8",
        "data": {"image_size": 32},
        "model": {"name": "cnn", "options": {"width": 8}},
    }
    [origin] = launch.create(TrainingConfig.model_validate(config), user)
    copy = Run.objects.get(pk=answer(act(api, origin, "clone", {"model": {"name": "vit-small"}}))["run_id"])
    assert copy.config["model"]["options"] == {"patch_size": 16, "dropout": 0.0}
    copy = Run.objects.get(pk=answer(act(api, origin, "clone", {"model": {"name": "auto"}}))["run_id"])
    assert copy.config["model"]["options"] == {"width": 8, "dropout": 0.1}, "the same options"
    errors = answer(act(api, origin, "clone", {"model": {"name": "lenet"}}), 400)["errors"]
    assert [error["field"] for error in errors] == ["model.name"]


def test_a_clone_by_another_number_takes_its_direction(api: Client, user: User) -> None:
    """The stored one says what was made of `auto` for the number before."""
    config = {"experiment_name": "e", "source_path": "builtin:breast-cancer"}
    [origin] = launch.create(TrainingConfig.model_validate(config), user)
    assert origin.config["callbacks"]["mode"] == "max"
    copy = answer(act(api, origin, "clone", {"callbacks": {"monitor": "val_loss"}}))
    assert Run.objects.get(pk=copy["run_id"]).config["callbacks"]["mode"] == "min"
    copy = answer(act(api, origin, "clone", {"callbacks": {"patience": 3}}))
    assert Run.objects.get(pk=copy["run_id"]).config["callbacks"]["mode"] == "max"
    copy = answer(act(api, origin, "clone", {"callbacks": {"monitor": "val_loss", "mode": "max"}}))
    assert Run.objects.get(pk=copy["run_id"]).config["callbacks"]["mode"] == "max"


@pytest.mark.parametrize("body", [{"optimizer": {"learning_rat": 1}}, {"optimizer": 3}, [1], "text"])
def test_a_wrong_clone_starts_nothing(api: Client, run: Run, body: Any) -> None:
    assert answer(act(api, run, "clone", body), 400)["errors"]
    assert Run.objects.count() == 1


@pytest.mark.parametrize("action", ["cancel", "finish", "kill", "resume", "retry", "clone"])
def test_only_the_owner_and_staff_may_act(run: Run, client: Client, action: str) -> None:
    assert act(client, run, action).status_code == 401
    other = User.objects.create_user("bob")
    stranger = Client(headers={"authorization": f"Token {new_token(other)}"})
    assert answer(act(stranger, run, action), 403)["detail"].startswith(f"Run {run.pk} belongs to ada")
    assert Run.objects.get().status == "queued"
    other.is_staff = True
    other.save()
    assert act(stranger, run, action).status_code in (202, 409)


def test_an_unknown_run_is_404(api: Client, run: Run) -> None:
    run.pk += 1
    assert answer(act(api, run, "cancel"), 404)["detail"] == f"Run {run.pk} does not exist."
