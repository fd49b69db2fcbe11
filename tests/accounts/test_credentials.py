"""What a token is worth: valid, revoked, expired, mistyped; stored as a digest; ended by a new password; used when."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO

import pytest
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import DatabaseError, connection
from django.db.models import QuerySet
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django.fixtures import Settings

from accounts.issuing import MOST_TOKENS, NEVER, Refused, days_to_choose, issue, revoke, tokens_of
from accounts.models import APIToken
from accounts.scopes import Scope

pytestmark = pytest.mark.django_db
LIST = "/api/runs/?page_size=1"
PASSWORD = "a secret of its own"


def ask(text: str) -> int:
    return Client(headers={"authorization": f"Token {text}"}).get(LIST).status_code


def test_a_token_is_known_by_its_beginning_and_stored_as_a_digest(user: User) -> None:
    token, text = issue(user, "nightly", Scope.READ, 30)
    assert text.startswith("livetrain_")
    assert len(text) == len("livetrain_") + 64
    assert str(token) == f"nightly ({text[:15]}…)"
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM accounts_apitoken")
        [row] = cursor.fetchall()
    assert not any(text[15:] in str(value) for value in row)
    assert token.expiry - timezone.now() == pytest.approx(timedelta(days=30), abs=timedelta(minutes=1))
    assert ask(text) == 200
    assert ask(text.upper()) == 401
    assert revoke(user, token.pk)
    assert not revoke(user, token.pk)
    assert ask(text) == 401


def test_a_digest_is_no_token(user: User) -> None:
    """Who reads the database has nothing to log in with."""
    token, _ = issue(user, "nightly")
    assert ask(token.digest) == 401


@pytest.mark.parametrize("wrong", ["wrong", "x" * 500, "nul\0", "livetrain_" + "0" * 64, "\xe9", "\xff\xfe", "🎈"])
def test_what_is_no_token_is_401(user: User, wrong: str) -> None:
    issue(user, "nightly")
    sent = wrong.encode().decode("latin1") if wrong == "🎈" else wrong
    answer = Client(headers={"authorization": f"Token {sent}"}).get(LIST)
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"] == "Token"


def test_one_that_is_over_says_so(user: User) -> None:
    _, text = issue(user, "nightly", days=1)
    tokens_of(user).update(expiry=timezone.now())
    answer = Client(headers={"authorization": f"Token {text}"}).get(LIST)
    assert answer.status_code == 401
    assert answer.json()["detail"].startswith("This token expired on ")
    assert tokens_of(user).exists(), "the account page shows it"
    tokens_of(user).update(expiry=None)
    assert ask(text) == 200


def test_a_request_takes_one_query_and_writes_its_use_once_a_minute(user: User) -> None:
    texts = [issue(user, f"number {number}")[1] for number in range(30)]
    assert ask(texts[0]) == 200
    for text, writes in ((texts[0], 0), (texts[1], 1)):
        with CaptureQueriesContext(connection) as asked:
            assert ask(text) == 200
        of_tokens = [query["sql"] for query in asked if "accounts_apitoken" in query["sql"]]
        assert [sql.split()[0] for sql in of_tokens] == ["SELECT", "UPDATE"][: 1 + writes]
        assert not any("auth_user" in query["sql"] for query in asked if query["sql"] not in of_tokens)
    tokens_of(user).update(last_used=timezone.now() - timedelta(minutes=2))
    assert ask(texts[0]) == 200
    recent = tokens_of(user).filter(last_used__gt=timezone.now() - timedelta(seconds=30))
    assert [token.name for token in recent] == ["number 0"]


def test_no_request_fails_because_its_use_cannot_be_written(
    user: User, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    _, text = issue(user, "nightly")

    def full(*_: object, **__: object) -> int:
        raise DatabaseError("database or disk is full")

    monkeypatch.setattr(QuerySet, "update", full)
    assert ask(text) == 200
    assert "could not be written: database or disk is full" in caplog.text
    assert text not in caplog.text


def test_a_new_password_ends_the_tokens_and_other_sessions_of_its_user_alone(user: User) -> None:
    other = User.objects.create_user("grace", password=PASSWORD)
    (_, mine), (_, theirs) = issue(user, "mine"), issue(other, "theirs")
    user.set_password(PASSWORD)
    assert ask(mine) == 200, "it is not stored yet"
    user.save()
    assert (ask(mine), ask(theirs)) == (401, 200)


def test_a_password_that_is_hashed_again_ends_nothing(user: User) -> None:
    """Django does so at a login when its number of rounds has grown: the password is the same."""
    weaker = PBKDF2PasswordHasher().encode(PASSWORD, "salt", iterations=1)
    User.objects.update(password=weaker)
    _, text = issue(user, "mine")
    assert Client().login(username=user.username, password=PASSWORD)
    user.refresh_from_db()
    assert user.password != weaker
    user.last_name = "Lovelace"
    user.save()
    assert ask(text) == 200


def test_commands_that_change_a_password_end_tokens(user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    _, text = issue(user, "mine")
    monkeypatch.setattr("getpass.getpass", lambda prompt="": PASSWORD)
    call_command("changepassword", user.username, stdout=StringIO())
    assert ask(text) == 401


def test_lives(user: User, settings: Settings) -> None:
    settings.TOKEN_DAYS, settings.TOKEN_LIMIT_DAYS = 45.0, 90.0
    token, _ = issue(user, "by default")
    assert token.expiry - timezone.now() == pytest.approx(timedelta(days=45), abs=timedelta(minutes=1))
    assert days_to_choose() == [7, 30, 45, 90]
    for days, words in ((91, "at most 90"), (NEVER, "up to 90 days"), (0, "above 0"), (float("nan"), "above 0")):
        with pytest.raises(Refused, match=words) as refused:
            issue(user, "too long", days=days)
        assert refused.value.field == "days"
    settings.TOKEN_LIMIT_DAYS = NEVER
    assert days_to_choose() == [7, 30, 45, 90, 366, NEVER]
    assert issue(user, "for good", days=NEVER)[0].expiry is None
    with pytest.raises(Refused, match="at most 36600"):
        issue(user, "too long", days=1e300)


@pytest.mark.parametrize("name", ["", "  ", "x" * 101, "two\nlines", "half \ud800", "nul\0"])
def test_names_that_cannot_be_shown(user: User, name: str) -> None:
    with pytest.raises(Refused, match="of one line"):
        issue(user, name)


def test_a_user_has_so_many_tokens_at_most(user: User) -> None:
    APIToken.objects.bulk_create(
        APIToken(user=user, name="old", digest=str(number), token_key="x") for number in range(MOST_TOKENS)
    )
    with pytest.raises(Refused, match="revoke one"):
        issue(user, "one more")
    issue(User.objects.create_user("grace"), "of somebody else")
