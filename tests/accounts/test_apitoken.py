"""`manage.py apitoken`: makes, lists and revokes."""

from __future__ import annotations

from io import StringIO

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client
from pytest_django.fixtures import Settings

from accounts.issuing import NEVER, tokens_of

pytestmark = pytest.mark.django_db


def apitoken(*arguments: str) -> str:
    out = StringIO()
    call_command("apitoken", *arguments, stdout=out)
    return out.getvalue().strip()


def test_it_makes_a_token_and_prints_nothing_else() -> None:
    text = apitoken("ada")
    ada = User.objects.get(username="ada")
    assert not ada.has_usable_password()
    assert Client(headers={"authorization": f"Token {text}"}).get("/api/runs/").status_code == 200
    assert text != apitoken("ada", "--name", "nightly", "--scope", "read", "--days", "7")
    assert [(token.name, token.scope) for token in tokens_of(ada)] == [("nightly", "read"), ("command line", "train")]


def test_it_lists_and_revokes() -> None:
    texts = [apitoken("ada", "--name", name) for name in ("first", "second")]
    lines = apitoken("ada", "--list").splitlines()
    assert lines[0].split("  ")[0] == "number"
    assert [line.split()[-1] for line in lines[1:]] == ["second", "first"]
    assert not any(text in line for text in texts for line in lines)
    number = lines[1].split()[0]
    assert apitoken("ada", "--revoke", number) == f"Revoked token {number}."
    with pytest.raises(CommandError, match="has no token"):
        apitoken("ada", "--revoke", number)
    assert apitoken("ada", "--revoke", "all") == "Revoked 1 of ada."
    assert len(apitoken("ada", "--list").splitlines()) == 1


@pytest.mark.parametrize("option", [("--list",), ("--revoke", "all")])
def test_a_name_that_nobody_has_makes_no_user(option: tuple[str, ...]) -> None:
    with pytest.raises(CommandError, match="There is no user"):
        apitoken("nobody", *option)
    assert not User.objects.exists()


def test_what_is_not_allowed_is_said(user: User, settings: Settings) -> None:
    for arguments, words in (
        (("--never",), "days: A token without an end is not allowed"),
        (("--days", "9999"), "days: Must be at most 366"),
        (("--days", "0"), "must be a number above 0"),
        (("--days", "nan"), "must be a number above 0"),
        (("--name", " "), "name: Say in 1 to 100"),
        (("--scope", "root"), "invalid choice"),
    ):
        with pytest.raises(CommandError, match=words):
            apitoken(user.username, *arguments)
    assert not tokens_of(user).exists()
    settings.TOKEN_LIMIT_DAYS = NEVER
    apitoken(user.username, "--never")
    assert tokens_of(user).get().expiry is None
    User.objects.update(is_active=False)
    with pytest.raises(CommandError, match="inactive"):
        apitoken(user.username)
