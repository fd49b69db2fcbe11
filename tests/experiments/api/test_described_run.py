"""PATCH /api/runs/<id>/: a run is renamed, and described in plain text, by those who may change it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from experiments import launch
from experiments.training.contract.config import TrainingConfig
from runs.models import Run
from runs.removal import deletion

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def run(user: User) -> Run:
    """Create a queued run of `user`."""
    config = TrainingConfig.model_validate({"experiment_name": "Lungs", "source_path": "builtin:breast-cancer"})
    return launch.create(config, user)[0]


def patch(client: Client, run: Run, status: int = 200, **body: Any) -> dict[str, Any]:
    response = client.patch(f"/api/runs/{run.pk}/", json.dumps(body), content_type="application/json")
    assert response.status_code == status, response.content
    found: dict[str, Any] = response.json()
    return found


def logged_in(name: str, **columns: Any) -> Client:
    client = Client()
    client.force_login(User.objects.create_user(name, **columns))
    return client


def test_a_run_is_described_and_renamed(api: Client, run: Run) -> None:
    before = api.get(f"/api/runs/{run.pk}/").json()
    assert (before["description"], before["revision"], before["revised_by"], before["revised_at"]) == (
        "",
        0,
        None,
        None,
    )
    first = patch(api, run, description="  first run\r\nwith the xray preset \n")
    assert (first["description"], first["experiment_name"]) == ("first run\nwith the xray preset", "Lungs")
    assert (first["revision"], first["revised_by"]) == (1, "ada")
    assert first["revised_at"].endswith("Z")
    second = patch(api, run, experiment_name=" Chest ", revision=1)
    assert (second["description"], second["experiment_name"]) == (first["description"], "Chest")
    assert second["revision"] == 2
    assert second["config"]["experiment_name"] == "Lungs"  # as it was asked for
    assert [row["id"] for row in api.get("/api/runs/?search=xray").json()["results"]] == [run.pk]
    assert api.get("/api/runs/").json()["results"][0]["experiment_name"] == "Chest"
    assert patch(api, run, description="")["description"] == ""


def test_what_changes_nothing_is_no_revision(api: Client, run: Run) -> None:
    assert patch(api, run, experiment_name="Lungs", description=" ")["revision"] == 0
    run.refresh_from_db()
    assert run.touched_at is None


def test_a_change_to_an_older_revision_is_refused(api: Client, run: Run) -> None:
    boss = logged_in("boss", is_staff=True)
    patch(boss, run, description="by the boss", revision=0)
    refused = patch(api, run, 409, description="by the owner", revision=0)
    assert "was changed by boss meanwhile" in refused["detail"]
    assert "revision, which is 1" in refused["detail"]
    assert api.get(f"/api/runs/{run.pk}/").json()["description"] == "by the boss"
    assert patch(api, run, description="by the owner", revision=1)["description"] == "by the owner"
    assert patch(boss, run, description="the last one wins")["revised_by"] == "boss"  # where no revision is sent


def test_only_its_owner_and_staff_may(api: Client, run: Run) -> None:
    eve = logged_in("eve")
    assert (
        "belongs to ada; only its owner and the admins of its project"
        in patch(eve, run, 403, experiment_name="Mine")["detail"]
    )
    assert patch(Client(), run, 401, experiment_name="Mine")["detail"]
    deletion.delete(run.pk, run.owner)
    assert patch(api, run, 404, experiment_name="Gone")["detail"] == f"Run {run.pk} does not exist."
    assert Run.objects.get(pk=run.pk).experiment_name == "Lungs"


@pytest.mark.parametrize(
    ("body", "field", "words"),
    [
        ({}, "experiment_name", "Give experiment_name, description, or both"),
        ({"revision": 0}, "experiment_name", "Give experiment_name, description, or both"),
        ({"experiment_name": ""}, "experiment_name", "Give the run a name"),
        ({"experiment_name": "  "}, "experiment_name", "Give the run a name"),
        ({"experiment_name": "x" * 201}, "experiment_name", "has 201 characters; use at most 200"),
        ({"experiment_name": "two\nlines"}, "experiment_name", "write it in one line"),
        ({"experiment_name": "two\u2028lines"}, "experiment_name", "write it in one line"),
        ({"experiment_name": "\u200b\u2060"}, "experiment_name", "nothing that can be seen"),
        ({"experiment_name": None}, "experiment_name", "may not be null"),
        ({"description": "x" * 4001}, "description", "has 4,001 characters; use at most 4,000"),
        ({"description": "bell \a"}, "description", "control characters"),
        ({"description": ["a list"]}, "description", "Not a valid string"),
        ({"description": "x", "revision": -1}, "revision", "greater than or equal to 0"),
        ({"description": "x", "revision": "latest"}, "revision", "valid integer"),
        ({"name": "x"}, "name", "possible are description, experiment_name, revision"),
    ],
)
def test_a_wrong_change_names_its_field(api: Client, run: Run, body: dict[str, Any], field: str, words: str) -> None:
    [error] = patch(api, run, 400, **body)["errors"]
    assert error["field"] == field
    assert words in error["message"]
    run.refresh_from_db()
    assert (run.experiment_name, run.description, run.revision) == ("Lungs", "", 0)


def test_the_longest_ones_fit(api: Client, run: Run) -> None:
    found = patch(api, run, experiment_name="n" * 200, description="\u00e4" * 4000)
    assert (len(found["experiment_name"]), len(found["description"])) == (200, 4000)


def test_a_copy_has_the_present_name_and_no_description(api: Client, run: Run) -> None:
    patch(api, run, experiment_name="Chest", description="of this run alone")
    body = json.dumps({"seed": 3})
    clone = api.post(f"/api/runs/{run.pk}/clone/", body, content_type="application/json").json()
    copied = api.get(f"/api/runs/{clone['run_id']}/").json()
    assert (copied["experiment_name"], copied["description"], copied["revision"]) == ("Chest", "", 0)


def test_the_admin_shows_the_description_and_who_wrote_it(api: Client, run: Run) -> None:
    patch(api, run, description="line one\n<b>line</b> two")
    admin = logged_in("root", is_staff=True, is_superuser=True)
    html = admin.get(f"/admin/runs/run/{run.pk}/change/").content.decode()
    assert "line one<br>&lt;b&gt;line&lt;/b&gt; two" in html
    assert "Name or description last changed by ada on 2" in html
    assert f">{run.pk}</a>" in admin.get("/admin/runs/run/?q=line").content.decode()
