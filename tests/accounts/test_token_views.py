"""`/api/tokens/`: a user's own tokens, by session and by token."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from pytest_django.fixtures import Settings

from access.models import Membership, Project
from access.roles import Role
from accounts import issuing
from accounts.issuing import NEVER, issue, tokens_of
from accounts.scopes import Scope
from tests.tokens import new_token

pytestmark = pytest.mark.django_db
URL = "/api/tokens/"


def make(client: Client, **body: Any) -> Any:
    return client.post(URL, body, content_type="application/json")


def test_a_token_is_made_listed_used_and_revoked(browser_session: Client, user: User) -> None:
    answer = make(browser_session, name="nightly", scope="read", days=30)
    assert answer.status_code == 201
    made = answer.json()
    text = made.pop("token")
    assert set(made) == {
        "id", "name", "scope", "project", "begins_with", "created", "last_used", "expires", "is_expired",
    }  # fmt: skip
    assert text.startswith(made["begins_with"])
    assert browser_session.get(URL).json() == {"tokens": [made]}
    program = Client(headers={"authorization": f"Token {text}"})
    [seen] = program.get(URL).json()["tokens"]
    assert seen["last_used"] is not None
    assert browser_session.delete(f"{URL}{made['id']}/").status_code == 204
    assert program.get(URL).status_code == 401
    assert browser_session.delete(f"{URL}{made['id']}/").status_code == 404


def test_tokens_of_others_are_not_there(browser_session: Client) -> None:
    other = User.objects.create_user("grace")
    token, _ = issue(other, "theirs")
    assert browser_session.get(URL).json() == {"tokens": []}
    assert browser_session.delete(f"{URL}{token.pk}/").status_code == 404
    assert tokens_of(other).count() == 1


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "name"),
        ({"name": ""}, "name"),
        ({"name": "a\nb"}, "name"),
        ({"name": "x", "scope": "root"}, "scope"),
        ({"name": "x", "days": 0}, "days"),
        ({"name": "x", "days": 9_999}, "days"),
        ({"name": "x", "days": None}, "days"),
        ({"name": "x", "user": 1}, "user"),
    ],
)
def test_what_is_wrong_is_named(browser_session: Client, user: User, body: dict[str, Any], field: str) -> None:
    answer = make(browser_session, **body)
    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert not tokens_of(user).exists()


def test_one_without_an_end_where_that_is_allowed(browser_session: Client, settings: Settings) -> None:
    settings.TOKEN_LIMIT_DAYS = NEVER
    assert make(browser_session, name="for good", days=None).json()["expires"] is None


def test_a_token_makes_none_that_outlives_it(user: User, settings: Settings) -> None:
    settings.TOKEN_LIMIT_DAYS = NEVER
    by, text = issue(user, "first", Scope.ADMIN, 10)
    program = Client(headers={"authorization": f"Token {text}"})
    for asked in ({}, {"days": 300}, {"days": None}):
        ends = parse_datetime(make(program, name="next", **asked).json()["expires"])
        assert ends is not None
        assert by.expiry - timedelta(seconds=10) < ends <= by.expiry + timedelta(seconds=1)
    shorter = parse_datetime(make(program, name="next", days=1).json()["expires"])
    assert shorter is not None
    assert shorter < timezone.now() + timedelta(days=1, minutes=1)


def test_a_token_for_one_project_reaches_those_for_the_same_alone(user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    lungs = Project.objects.create(name="Lungs")
    Membership.objects.create(project=lungs, user=user, role=Role.ADMIN)
    whole, _ = issue(user, "for all")
    same, _ = issue(user, "for the same", project="Lungs")
    _, text = issue(user, "for one", Scope.ADMIN, project="Lungs")
    program = Client(headers={"authorization": f"Token {text}"})
    assert [one["name"] for one in program.get(URL).json()["tokens"]] == ["for one", "for the same"]
    assert program.delete(f"{URL}{whole.pk}/").status_code == 404
    assert program.delete(f"{URL}{same.pk}/").status_code == 204
    assert [one.name for one in tokens_of(user)] == ["for one", "for all"]
    monkeypatch.setattr(issuing, "MOST_TOKENS", 2)
    assert make(program, name="a third").status_code == 400, "all of the user's count"


@pytest.mark.parametrize("scope", [Scope.READ, Scope.TRAIN])
def test_a_narrow_token_makes_and_revokes_none(user: User, scope: Scope) -> None:
    program = Client(headers={"authorization": f"Token {new_token(user, scope)}"})
    [token] = tokens_of(user)
    assert make(program, name="wider", scope="admin").status_code == 403
    assert program.delete(f"{URL}{token.pk}/").status_code == 403
    assert [one["id"] for one in program.get(URL).json()["tokens"]] == [token.pk]
