"""Who is limited is told by how much, in the fields of the IETF's draft."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.cache import caches
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

from realtime import tickets
from realtime.models import SocketTicket
from runs.api import heavy_requests
from runs.pauses.rate_limits import Limit
from runs.pauses.turns import Turns, WaitingRoom
from tests.problems import problem_of

pytestmark = pytest.mark.django_db
POLICY, LEFT = "RateLimit-Policy", "RateLimit"


def ticket(client: Client) -> Any:
    return client.post("/api/tickets/", json.dumps({}), content_type="application/json")


def test_the_fields_are_lists_of_strings_with_parameters() -> None:
    assert Limit("logins", 5, 900).left(0, 900) == {POLICY: '"logins";q=5;w=900', LEFT: '"logins";r=0;t=900'}
    assert Limit("files", 4).left(-1) == {POLICY: '"files";q=4;qu="concurrent-requests"', LEFT: '"files";r=0'}


def test_a_heavy_request_says_how_many_more_may_be_under_way(api: Client) -> None:
    answer = api.get("/api/runs/facets/")
    assert answer[POLICY] == '"large-lists";q=4;qu="concurrent-requests"'
    assert answer[LEFT] == '"large-lists";r=3'
    assert POLICY not in api.get("/api/runs/"), "a small page has no limit"


def test_a_heavy_request_that_finds_no_turn(api: Client, user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    turns = Turns(1, 1, WaitingRoom(places=0))
    monkeypatch.setattr("runs.api.views.Facets.heavy", heavy_requests.Kind("large lists", turns))
    with turns.turn(user.pk, 1):
        answer = api.get("/api/runs/facets/")
    problem_of(answer, "too-many-requests")
    assert answer["Retry-After"] == "5"
    assert answer[POLICY] == '"large-lists";q=1;qu="concurrent-requests"'
    assert answer[LEFT] == '"large-lists";r=0;t=5'


def test_wrong_tokens_are_told_when_none_is_left(settings: Settings) -> None:
    settings.LOGIN_TRIES = 1
    caches["default"].clear()  # where the tries of other tests are counted, if that is Redis
    client = Client(headers={"authorization": "Token livetrain_wrong"})
    answers = [client.get("/api/runs/") for _ in range(5)]
    assert [answer.status_code for answer in answers] == [401] * 4 + [429]
    assert all(LEFT not in answer for answer in answers[:4]), "others at the address may have used some"
    problem_of(answers[-1], "too-many-wrong-tokens")
    assert answers[-1][POLICY] == '"wrong-tokens";q=4;w=900'
    assert answers[-1][LEFT] == '"wrong-tokens";r=0;t=900'
    assert answers[-1]["Retry-After"] == "900"


def test_locked_logins_are_told(settings: Settings) -> None:
    settings.LOGIN_TRIES = 2
    answers = [Client().post("/login/", {"username": "ada", "password": "wrong"}) for _ in range(3)]
    assert [LEFT in answer for answer in answers] == [False, True, True]
    assert (answers[-1][POLICY], answers[-1][LEFT]) == ('"logins";q=2;w=900', '"logins";r=0;t=900')


def test_tickets_are_limited_until_they_are_used_or_over(
    api: Client, browser_session: Client, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tickets, "MOST_UNUSED", 2)
    first, second = ticket(api), ticket(browser_session)
    assert [answer[LEFT] for answer in (first, second)] == ['"tickets";r=1', '"tickets";r=0']
    refused = ticket(api)
    assert problem_of(refused, "too-many-requests")["detail"].startswith("You have 2 tickets")
    seconds = int(refused["Retry-After"])
    assert 1 <= seconds <= tickets.LIFETIME_SECONDS
    assert refused[LEFT] == f'"tickets";r=0;t={seconds}'
    other = Client()
    other.force_login(User.objects.create_user("grace"))
    assert ticket(other)[LEFT] == '"tickets";r=1'
    tickets.spend(first.json()["ticket"], None)
    assert ticket(api).status_code == 201
    SocketTicket.objects.filter(user=user).update(expires_at=timezone.now() - timedelta(seconds=1))
    assert ticket(api)[LEFT] == '"tickets";r=1'
