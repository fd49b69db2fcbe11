"""POST /api/runs/bulk/ and tags/, delete/ and restore/: many runs at once, and a deletion that can be undone."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

from experiments.worker import maintenance
from runs import lifecycle
from runs.models import Run, RunEvent
from runs.tagging import tags
from tests.runs.conftest import CONFIG


@pytest.fixture
def queued(user: User) -> Run:
    return lifecycle.create(user, CONFIG)


def ended(owner: User) -> Run:
    run = lifecycle.create(owner, CONFIG)
    assert lifecycle.cancel(run.pk, "no more")
    return run


def post(client: Client, path: str, body: dict[str, Any] | None = None, status: int = 200) -> dict[str, Any]:
    response = client.post(f"/api/runs/{path}", body or {}, content_type="application/json")
    assert response.status_code == status, response.content
    found: dict[str, Any] = response.json()
    return found


def listed(client: Client, query: str = "") -> list[int]:
    return [row["id"] for row in client.get(f"/api/runs/{query}").json()["results"]]


def test_each_run_has_an_answer_and_stops_no_other(api: Client, user: User, queued: Run) -> None:
    running, other = lifecycle.create(user, CONFIG), lifecycle.create(User.objects.create_user("eve"), CONFIG)
    assert lifecycle.claim(running.pk, "tester")
    body = post(api, "bulk/", {"action": "delete", "runs": [queued.pk, running.pk, other.pk, 999, queued.pk]})
    assert [(row["id"], row["ok"]) for row in body["results"]] == [
        (queued.pk, True),
        (running.pk, False),
        (other.pk, False),
        (999, False),
    ]
    assert body["done"] == 1
    assert "cancel it first" in body["results"][1]["detail"]
    assert "belongs to eve" in body["results"][2]["detail"]
    assert listed(api) == [other.pk, running.pk]
    queued.refresh_from_db()
    assert queued.status == "cancelled"  # no worker takes it any more


@pytest.mark.parametrize("action", ["cancel", "kill", "delete", "restore"])
def test_what_is_in_the_way_is_said_in_the_same_words_as_of_one_run(
    api: Client, user: User, queued: Run, action: str
) -> None:
    cancelled = ended(user)
    assert lifecycle.claim(queued.pk, "tester")  # running: cannot be deleted
    run = {"delete": queued}.get(action, cancelled)
    one = post(api, f"{run.pk}/{action}/", status=409)
    [many] = post(api, "bulk/", {"action": action, "runs": [run.pk]})["results"]
    assert many == {"id": run.pk, "ok": False, "detail": one["detail"]}


def test_a_deleted_run_is_gone_for_all_until_it_is_restored(api: Client, user: User, queued: Run) -> None:
    post(api, f"{queued.pk}/delete/")
    for path in ("", "metrics/", "events/", "final-stats/", "files/"):
        assert api.get(f"/api/runs/{queued.pk}/{path}").status_code == 404
    assert listed(api) == []
    assert listed(api, "?deleted=1") == [queued.pk]
    eve = Client()
    eve.force_login(User.objects.create_user("eve"))
    assert listed(eve, "?deleted=1") == []
    post(eve, f"{queued.pk}/restore/", status=404)
    post(api, f"{queued.pk}/retry/", status=404)
    assert lifecycle.resume(queued.pk, "no") is False
    back = post(api, f"{queued.pk}/restore/")
    assert back["status"] == "cancelled"
    assert "back, but cancelled: it was queued when it was deleted" in back["detail"]
    assert listed(api) == [queued.pk]
    assert "not deleted" in post(api, f"{queued.pk}/restore/", status=409)["detail"]


def test_after_its_time_a_deleted_run_goes_with_files_and_rows(api: Client, user: User, settings: Settings) -> None:
    run, kept = ended(user), ended(user)
    run.folder.mkdir(parents=True)
    (run.folder / "metrics.csv").write_text("epoch\n")
    outside = run.folder.parent / "outside.txt"
    outside.write_text("mine")
    (run.folder / "link").symlink_to(outside)
    post(api, f"{run.pk}/delete/")
    assert maintenance.Purging().purge_one() is None  # there is still time
    Run.objects.filter(pk=run.pk).update(deleted_at=timezone.now() - timedelta(days=settings.UNDO_DAYS, seconds=1))
    assert "ago" in post(api, f"{run.pk}/restore/", status=409)["detail"]
    assert maintenance.Purging().purge_one() == run.pk
    assert maintenance.Purging().purge_one() is None
    assert not run.folder.exists()
    assert outside.read_text() == "mine"
    assert set(Run.objects.values_list("pk", flat=True)) == {kept.pk}
    assert set(RunEvent.objects.values_list("run_id", flat=True)) == {kept.pk}
    assert ended(user).pk > kept.pk  # a number is never given twice


def test_tags_are_normalised_bounded_and_told(api: Client, queued: Run) -> None:
    body = post(api, "tags/", {"runs": [queued.pk], "add": ["  Base  Line ", "base line", "x"]})
    assert body["results"] == [{"id": queued.pk, "ok": True, "detail": "Tags: base line, x."}]
    post(api, "bulk/", {"action": "untag", "runs": [queued.pk], "tags": ["X"]})
    assert api.get(f"/api/runs/{queued.pk}/").json()["tags"] == ["base line"]
    queued.refresh_from_db()
    assert queued.touched_at is not None
    full = post(api, "tags/", {"runs": [queued.pk], "add": [f"t{n}" for n in range(20)]})
    assert (full["done"], "21 tags" in full["results"][0]["detail"]) == (0, True)
    assert tags.tags_of(queued.pk) == ["base line"]


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("bulk/", {"action": "explode", "runs": [1]}, "action"),
        ("bulk/", {"action": "tag", "runs": [1]}, "tags"),
        ("bulk/", {"action": "cancel", "runs": [1], "evaluate": True}, "evaluate"),
        ("tags/", {"runs": [1], "ad": ["a"]}, "ad"),
        ("bulk/", {"action": "delete", "runs": list(range(1, 502))}, "runs"),
        ("tags/", {"runs": [1]}, "add"),
        ("tags/", {"runs": [1], "add": ["a,b"]}, "add"),
        ("tags/", {"runs": [1], "add": ["a" * 51]}, "add"),
        ("tags/", {"runs": [1], "add": ["a"], "remove": ["A"]}, "remove"),
    ],
)
def test_a_wrong_field_is_named(api: Client, path: str, body: dict[str, Any], field: str) -> None:
    assert post(api, path, body, 400)["errors"][0]["field"].split(".")[0] == field


def test_tags_come_with_the_request_and_stay_with_copies(api: Client) -> None:
    request = {"experiment_name": "t", "source_path": "builtin:digits-is-8", "tags": ["Baseline", "baseline"]}
    answer = api.post("/api/experiments/centralized/train", request, content_type="application/json")
    run_id = answer.json()["run_id"]
    assert api.get(f"/api/runs/{run_id}/").json()["tags"] == ["baseline"]
    assert "tags" not in Run.objects.get(pk=run_id).config
    post(api, "tags/", {"runs": [run_id], "add": ["later"]})
    copy = post(api, f"{run_id}/clone/", {"seed": 7}, 202)["run_id"]
    assert api.get(f"/api/runs/{copy}/").json()["tags"] == ["baseline", "later"]
    wrong = api.post("/api/experiments/centralized/train", request | {"tags": ["a,b"]}, content_type="application/json")
    assert wrong.status_code == 400
    assert wrong.json()["errors"][0]["field"] == "tags"
