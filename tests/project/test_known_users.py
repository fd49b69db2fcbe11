"""Who sends a request: sessions and API tokens, valid, ended, tampered with; as Django and DRF decide."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.auth.password_validation import validate_password
from django.contrib.sessions.models import Session
from django.core.exceptions import ValidationError
from django.db import OperationalError, connection
from django.db.models import QuerySet
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django.fixtures import Settings

from accounts.models import APIToken
from project.sessions import STARTED
from tests.tokens import new_token

pytestmark = pytest.mark.django_db
LIST = "/api/runs/?page_size=1"


@pytest.fixture
def reader() -> User:
    return User.objects.create_user("reader", password="a secret of its own")


@pytest.fixture
def browser(reader: User) -> Client:
    client = Client()
    assert client.login(username="reader", password="a secret of its own")
    return client


def status(client: Client) -> int:
    """Ask with the cookie that the client has now: an answer to an ended session takes it away."""
    cookies = {name: cookie.value for name, cookie in client.cookies.items()}
    answer = client.get(LIST)
    for name, value in cookies.items():
        client.cookies[name] = value
    return answer.status_code


def session() -> Session:
    return Session.objects.get()


def test_a_session_and_its_user_are_looked_up_each_time(browser: Client) -> None:
    assert status(browser) == 200
    with CaptureQueriesContext(connection) as asked:
        assert status(browser) == 200
    tables = [re.findall(r'FROM "?(\w+)', query["sql"])[-1] for query in asked]
    assert tables[:2] == ["django_session", "auth_user"]
    assert "django_session" not in tables[2:]


def test_a_session_ends_with_its_row_its_time_or_its_user(browser: Client, reader: User) -> None:
    kept = session()
    Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))
    assert status(browser) == 401
    Session.objects.update(expire_date=kept.expire_date)
    assert status(browser) == 200
    User.objects.update(is_active=False)
    assert status(browser) in (401, 403)
    User.objects.update(is_active=True)
    assert status(browser) == 200
    session().delete()
    assert status(browser) == 401
    kept.save(force_insert=True)
    assert status(browser) == 200
    User.objects.filter(pk=reader.pk).delete()
    assert status(browser) == 401


def later(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """Let the session's clock be so many seconds ahead."""
    now = datetime.now(UTC) + timedelta(seconds=seconds)
    monkeypatch.setattr("project.sessions.timezone.now", lambda: now)
    monkeypatch.setattr("project.sessions.time.time", now.timestamp)


def test_a_session_that_nobody_uses_ends(browser: Client, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.SESSION_IDLE_SECONDS = 3600
    browser.force_login(User.objects.get())
    later(monkeypatch, 3590)
    assert status(browser) == 200
    later(monkeypatch, 3590 + 3590)  # counted from the last use
    assert status(browser) == 200
    later(monkeypatch, 3 * 3600)
    assert status(browser) == 401


def test_a_session_that_is_used_all_the_time_ends_too(
    browser: Client, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.SESSION_IDLE_SECONDS, settings.SESSION_COOKIE_AGE = 3600, 3 * 3600
    browser.force_login(User.objects.get())
    for hours in (0.9, 1.8, 2.7, 2.99):
        later(monkeypatch, hours * 3600)
        assert status(browser) == 200
    later(monkeypatch, 3 * 3600 + 1)
    assert status(browser) == 401
    browser.force_login(User.objects.get())  # a login begins a session
    later(monkeypatch, 3.5 * 3600)
    assert status(browser) == 200


def test_the_settings_of_today_end_sessions_that_began_under_others(
    browser: Client, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    later(monkeypatch, 7200)
    settings.SESSION_COOKIE_AGE = 7000
    assert status(browser) == 401
    settings.SESSION_COOKIE_AGE = 9000
    assert status(browser) == 200
    assert session().expire_date <= timezone.now() + timedelta(seconds=9000)


def test_a_session_of_an_earlier_version_begins_now(
    browser: Client, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has no beginning, and an end in two weeks."""
    kept = browser.session
    del kept[STARTED]
    text = kept.encode(dict(kept))
    Session.objects.update(session_data=text, expire_date=timezone.now() + timedelta(days=14))
    assert status(browser) == 200
    assert STARTED in browser.session
    assert session().expire_date <= timezone.now() + timedelta(seconds=settings.SESSION_IDLE_SECONDS)
    later(monkeypatch, settings.SESSION_COOKIE_AGE + 1)
    assert status(browser) == 401


def test_a_session_in_use_is_written_once_in_a_while(browser: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def writes() -> int:
        with CaptureQueriesContext(connection) as asked:
            assert status(browser) == 200
        return sum(query["sql"].startswith("UPDATE") for query in asked)

    assert writes() == 0
    later(monkeypatch, 0.02 * settings.SESSION_IDLE_SECONDS)
    assert [writes(), writes()] == [1, 0]


def test_a_database_that_takes_no_writes_ends_no_session(
    browser: Client, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    later(monkeypatch, 0.5 * settings.SESSION_IDLE_SECONDS)

    def refuse(*_: object, **__: object) -> int:
        raise OperationalError("database or disk is full")

    monkeypatch.setattr(QuerySet, "update", refuse)
    assert status(browser) == 200


def test_the_cookie_lives_as_long_as_the_session_may(reader: User) -> None:
    browser = Client()
    browser.post("/login/", {"username": reader.username, "password": "a secret of its own"})
    age = browser.cookies[settings.SESSION_COOKIE_NAME]["max-age"]
    assert 0 <= settings.SESSION_COOKIE_AGE - age <= 5
    assert settings.SESSION_IDLE_SECONDS < settings.SESSION_COOKIE_AGE <= 14 * 86400


@pytest.mark.parametrize("password", ["12345678", "8301942756201", "short-one-1", "password1234"])
def test_a_password_that_is_easily_guessed_is_refused(reader: User, password: str) -> None:
    with pytest.raises(ValidationError):
        validate_password(password, reader)


def test_a_session_ends_when_the_password_changes(browser: Client, reader: User) -> None:
    reader.set_password("another secret of its own")
    reader.save()
    assert status(browser) == 401
    assert not Session.objects.exists(), "Django removes it"


def test_a_login_removes_the_sessions_that_have_expired(browser: Client, reader: User) -> None:
    """Else they stay for ever, as nobody brings their keys again."""
    Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))
    for _ in range(2):
        Client().force_login(reader)
    assert Session.objects.count() == 2


def test_what_is_not_signed_is_no_session(browser: Client) -> None:
    assert status(browser) == 200
    text = session().session_data
    Session.objects.update(session_data=text[:-1] + ("A" if text[-1] != "A" else "B"))
    assert status(browser) == 401
    Session.objects.update(session_data=text)
    assert status(browser) == 200
    for key in ("", "x", "a" * 32, "nul\0", "é"):
        browser.cookies[settings.SESSION_COOKIE_NAME] = key
        assert status(browser) == 401
    browser.cookies[settings.SESSION_COOKIE_NAME] = "nul\0" * 8
    with CaptureQueriesContext(connection) as asked:
        assert status(browser) == 401
    assert not any("django_session" in query["sql"] for query in asked), "PostgreSQL would refuse it"


def test_what_a_request_changes_in_its_session_stays_in_it(browser: Client) -> None:
    first = browser.session
    first["seen"] = {"deep": [1]}
    first.save()
    assert browser.session["seen"] == {"deep": [1]}
    browser.session["seen"]["deep"].append(2)
    assert browser.session["seen"] == {"deep": [1]}


def test_a_session_of_another_secret_key_is_none(browser: Client, settings: object) -> None:
    assert status(browser) == 200
    settings.SECRET_KEY = "another key, of another installation"  # type: ignore[attr-defined]
    assert status(browser) == 401


def test_a_session_of_a_former_secret_key_goes_on_under_the_new_one(browser: Client, settings: object) -> None:
    former = settings.SECRET_KEY  # type: ignore[attr-defined]
    settings.SECRET_KEY = "another key, of the same installation"  # type: ignore[attr-defined]
    settings.SECRET_KEY_FALLBACKS = [former]  # type: ignore[attr-defined]
    assert status(browser) == 200


def test_tokens(reader: User) -> None:
    key = new_token(reader)
    assert status(Client(headers={"authorization": f"Token {key}"})) == 200
    with CaptureQueriesContext(connection) as asked:
        Client(headers={"authorization": f"Token {key}"}).get(LIST)
    assert sum("accounts_apitoken" in query["sql"] for query in asked) == 1
    for wrong in ("wrong", "x" * 500, "nul\0", key + "x", key.upper() + "?"):
        assert status(Client(headers={"authorization": f"Token {wrong}"})) == 401
    User.objects.update(is_active=False)
    assert status(Client(headers={"authorization": f"Token {key}"})) == 401
    APIToken.objects.all().delete()
    User.objects.update(is_active=True)
    assert status(Client(headers={"authorization": f"Token {key}"})) == 401
