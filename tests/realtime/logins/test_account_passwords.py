"""The account page's form of a new password: guesses at the old one are limited per user; others change theirs."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django.fixtures import Settings

from realtime.logins import throttled_backend
from tests.realtime.logins.conftest import PASSWORD

HERE, THERE = "192.0.2.7", "192.0.2.8"
NEW = "another secret of its own"
pytestmark = pytest.mark.django_db


def changed(user: User, old: str, address: str = HERE, **fields: str) -> Any:
    form = {"old_password": old, "new_password1": NEW, "new_password2": NEW} | fields
    browser = Client(REMOTE_ADDR=address)
    browser.force_login(user)
    return browser.post("/account/password/", form)


def has(user: User, password: str) -> bool:
    return User.objects.get(pk=user.pk).check_password(password)


def test_after_some_wrong_ones_even_the_right_one_is_refused_from_anywhere(
    ada: User, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        assert [changed(ada, "wrong").status_code for _ in range(3)] == [200] * 3
    assert caplog.messages == [f"wrong old password of user {ada.pk} from {HERE}"] * 3
    for address in (HERE, THERE):
        refused = changed(ada, PASSWORD, address)
        assert refused.status_code == 429
        assert refused["Retry-After"] == "900"
        assert "no-store" in refused["Cache-Control"]
        assert "Wait 15 minutes and try again" in refused.content.decode()
        assert 'href="/account/"' in refused.content.decode()
    assert has(ada, PASSWORD)


def test_the_lock_is_of_that_user_and_that_form_alone(ada: User) -> None:
    grace = User.objects.create_user("grace", password=PASSWORD)
    for _ in range(3):
        changed(ada, "wrong")
    assert changed(grace, PASSWORD).status_code == 302
    assert has(grace, NEW)
    login = {"username": "ada", "password": PASSWORD}
    assert Client().post("/login/", login, REMOTE_ADDR=HERE).status_code == 302


def test_a_name_at_the_login_counts_nothing_here(ada: User) -> None:
    for _ in range(4):
        Client().post("/login/", {"username": f"(old password of user {ada.pk})", "password": "wrong"})
    assert changed(ada, PASSWORD).status_code == 302


def test_what_is_wrong_with_the_new_one_does_not_count(ada: User) -> None:
    for _ in range(4):
        assert changed(ada, PASSWORD, new_password2="different").status_code == 200
        assert changed(ada, "").status_code == 200
    assert changed(ada, PASSWORD).status_code == 302


def test_one_form_of_a_user_is_looked_at_at_a_time(ada: User, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else many at once would come before the first is counted."""
    monkeypatch.setattr(throttled_backend, "WAIT_SECONDS", 0)
    turn = throttled_backend.turns.take(f"(old password of user {ada.pk})", 0)
    assert turn is not None
    assert changed(ada, PASSWORD).status_code == 429
    turn.end()
    assert changed(ada, PASSWORD).status_code == 302
    assert throttled_backend.turns.under_way == 0


def test_the_lock_ends_by_itself(ada: User, settings: Settings) -> None:
    for _ in range(3):
        changed(ada, "wrong")
    settings.AXES_COOLOFF_TIME = timedelta(0)
    assert changed(ada, PASSWORD).status_code == 302


def test_the_form_of_the_admin_is_this_one(ada: User) -> None:
    browser = Client()
    browser.force_login(ada)
    form = {"old_password": PASSWORD, "new_password1": NEW, "new_password2": NEW}
    for answer in (browser.get("/admin/password_change/"), browser.post("/admin/password_change/", form)):
        assert (answer.status_code, answer["Location"]) == (302, "/account/")
    assert has(ada, PASSWORD)
