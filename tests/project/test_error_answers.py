"""The answers when a view fails: programs get JSON, and no answer shows the server's internals."""

from __future__ import annotations

import errno
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from pytest_django.fixtures import Settings

from experiments.api import operations
from experiments.datasets import storage
from project import health
from runs import queries
from runs.models import Run
from tests.problems import problem_of
from tests.realtime.writing import queued_run
from tests.tokens import new_token

pytestmark = pytest.mark.django_db
TRAIN = "/api/experiments/centralized/train"
SECRET = "/srv/hospital/secret-place"
sqlite_only = pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL's disk is not ours to fill")


@pytest.fixture(autouse=True)
def _nothing_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "_readiness", health.Readiness())


@pytest.fixture
def outsider(user: User) -> Client:
    """Make a client like `api` that gets the answer that users get, instead of the exception itself."""
    token = new_token(user)
    return Client(raise_request_exception=False, headers={"authorization": f"Token {token}"})


def told(response: HttpResponse, status: int) -> str:
    assert response.status_code == status, response.content[:1000]
    assert SECRET not in response.content.decode()
    return str(problem_of(response)["detail"])


@contextmanager
def a_full_database() -> Iterator[None]:
    """Let SQLite make its file no larger, as on a full disk."""
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA page_count")
        pages = cursor.fetchone()[0]
        cursor.execute(f"PRAGMA max_page_count = {pages}")
        try:
            yield
        finally:
            connection.set_rollback(False)  # SQLite has taken back all of it, also what the test began
            cursor.execute("PRAGMA max_page_count = 4294967294")


def until_full(client: Client) -> HttpResponse:
    """Submit trainings until one is refused."""
    body = {"experiment_name": "x" * 200, "source_path": "builtin:breast-cancer", "tags": ["y" * 50]}
    for _ in range(300):
        response = client.post(TRAIN, data=json.dumps(body), content_type="application/json")
        if response.status_code != 202:
            return response  # type: ignore[return-value]
    raise AssertionError("the database took everything")


@sqlite_only
def test_a_full_disk_is_told_with_the_cure_and_the_server_is_not_ready(api: Client) -> None:
    assert Client().get("/readyz").status_code == 200
    with a_full_database():
        detail = told(until_full(api), 507)
    assert "disk is full" in detail
    assert "free some space" in detail
    answer = Client().get("/readyz")
    assert (answer.status_code, answer.json()["failing"]) == (503, "disk")


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, "disk is full"),
        (errno.EDQUOT, "disk is full"),
        (errno.EROFS, "read-only"),
        (errno.EACCES, "right"),
    ],
)
def test_a_disk_that_refuses_is_told_with_the_cure(
    api: Client, user: User, monkeypatch: pytest.MonkeyPatch, number: int, words: str
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise OSError(number, "what the system says", f"{SECRET}/x")

    run = queued_run(user)
    monkeypatch.setattr(operations, "cancel", refuse)
    response = api.post(f"/api/runs/{run.pk}/cancel/", data="{}", content_type="application/json")
    assert words in told(response, 507)  # type: ignore[arg-type]
    assert Client().get("/readyz").status_code == 503


def test_uploads_to_a_read_only_folder_are_refused_in_json(
    api: Client, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.DATASETS_ROOT = Path("/proc/no-folder-can-be-made-here")
    monkeypatch.setattr(storage, "room", lambda: 2**40)
    body = json.dumps({"filename": "t.csv", "size": 5})
    response = api.post("/api/datasets/uploads/", data=body, content_type="application/json")
    assert "/proc" not in told(response, 507)  # type: ignore[arg-type]


def test_pages_tell_of_a_full_disk_too(user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", f"{SECRET}/x")

    user.set_password("hunter2-hunter2")
    user.save()
    monkeypatch.setattr("django.contrib.sessions.backends.db.SessionStore.save", refuse)
    credentials = {"username": user.username, "password": "hunter2-hunter2"}
    response = Client(raise_request_exception=False).post("/login/", credentials)
    assert (response.status_code, response["Content-Type"]) == (507, "text/plain; charset=utf-8")
    assert "disk is full" in response.content.decode()


@pytest.mark.parametrize("path", ["/api/runs/", "/api/runs/1/events/", "/api/runs/1/", "/api/queue/"])
def test_an_unexpected_exception_is_told_in_json_and_says_nothing_of_the_inside(
    outsider: Client, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise RuntimeError(f"{SECRET}: password hunter2")

    for name in ("visible_runs", "newest_run_ids", "head_of", "readable_runs"):
        if hasattr(queries, name):
            monkeypatch.setattr(queries, name, fail)
    monkeypatch.setattr("runs.listing.filters.may_see", fail)
    monkeypatch.setattr("runs.scheduling.queue_report.described", fail)
    assert "log says why" in told(outsider.get(path), 500)  # type: ignore[arg-type]


def test_an_answer_that_cannot_be_written_is_told_in_json(outsider: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runs.scheduling.queue_report.described", lambda: {"reason": "\ud800"})
    told(outsider.get("/api/queue/"), 500)  # type: ignore[arg-type]


def test_an_address_that_is_none_is_told_in_json_below_api_alone(outsider: Client) -> None:
    assert "no such address" in told(outsider.get("/api/nowhere/"), 404)  # type: ignore[arg-type]
    assert "no such address" in told(outsider.post("/api/runs/x/"), 404)  # type: ignore[arg-type]
    assert outsider.get("/nowhere/")["Content-Type"].startswith("text/html")


def test_what_django_finds_suspicious_is_told_in_json(outsider: Client) -> None:
    told(outsider.get("/api/runs/", headers={"host": "evil.example"}), 400)  # type: ignore[arg-type]
    fields = "&".join(f"f{number}=1" for number in range(2_000))
    form = "application/x-www-form-urlencoded"
    problem_of(outsider.post("/api/runs/tags/", data=fields, content_type=form))
    assert not Run.objects.exists()
