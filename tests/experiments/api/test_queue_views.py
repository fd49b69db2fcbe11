"""GET and POST /api/queue/, and what the pages say of a paused queue."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from runs import queue
from runs.models import Run
from tests.tokens import new_token

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff() -> Client:
    user = User.objects.create_user("grace", is_staff=True)
    return Client(headers={"authorization": f"Token {new_token(user)}"})


def change(client: Client, **body: Any) -> tuple[int, dict[str, Any]]:
    response = client.post("/api/queue/", json.dumps(body), content_type="application/json")
    return response.status_code, response.json()


def test_everybody_logged_in_reads_how_it_stands(api: Client) -> None:
    assert api.get("/api/queue/").json() == {
        "paused": False, "reason": None, "by": None, "since": None, "queued": 0, "running": 0, "runs_per_user": None,
        "runs": [], "slots": 0, "workers": [], "absent_workers": [],
    }  # fmt: skip
    assert Client().get("/api/queue/").status_code == 401


def test_staff_pause_it_and_let_it_go_on(api: Client, staff: Client) -> None:
    status, found = change(staff, paused=True, reason="New disks.")
    assert (status, found["paused"], found["by"], found["reason"]) == (200, True, "grace", "New disks.")
    assert found["since"].endswith("Z")
    assert api.get("/api/queue/").json() == found
    status, found = change(staff, paused=False)
    assert (status, found["paused"], found["reason"]) == (200, False, None)


def test_nobody_else_does(api: Client) -> None:
    status, found = change(api, paused=True)
    assert (status, found["detail"]) == (403, "Only staff may pause or resume the queue.")
    assert not queue.read_queue().paused


@pytest.mark.parametrize(
    ("body", "field"),
    [({}, "paused"), ({"paused": "soon"}, "paused"), ({"paused": True, "reason": "x" * 501}, "reason")],
)
def test_what_is_wrong_is_named(staff: Client, body: dict[str, Any], field: str) -> None:
    status, found = change(staff, **body)
    assert (status, [error["field"] for error in found["errors"]]) == (400, [field])
    assert not queue.read_queue().paused


def test_the_pages_say_who_paused_it_and_why(browser_session: Client, queued: Run) -> None:
    queue.pause(User.objects.create_user("lin", is_staff=True), "<b>New disks</b>")
    for page in ("/", f"/runs/{queued.pk}/"):
        html = browser_session.get(page).content.decode()
        assert "lin paused the queue: &lt;b&gt;New disks&lt;/b&gt;" in html


def test_the_pages_say_nothing_of_a_queue_that_goes_on(browser_session: Client, queued: Run) -> None:
    for page in ("/", f"/runs/{queued.pk}/"):
        assert "paused the queue" not in browser_session.get(page).content.decode()


def test_nothing_is_startable_while_it_is_paused(queued: Run, user: User) -> None:
    queue.pause(user, "")
    assert list(queue.startable()) == []
    queue.unpause(user)
    assert list(queue.startable()) == [queued]
