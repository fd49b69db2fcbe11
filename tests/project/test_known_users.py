"""Who sends a request: sessions and API tokens, valid, ended, tampered with; as Django and DRF decide."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import APIToken
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
    tables = [query["sql"].split('FROM "')[1].split('"')[0] for query in asked]
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


def test_a_session_ends_when_the_password_changes(browser: Client, reader: User) -> None:
    reader.set_password("another secret of its own")
    reader.save()
    assert status(browser) == 401
    assert not Session.objects.exists(), "Django removes it"


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
