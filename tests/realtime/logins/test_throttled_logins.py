"""Wrong passwords: counted per address and name, refused with words and the cure, at both logins and with links."""

from __future__ import annotations

import inspect
from datetime import timedelta
from typing import Any

import pytest
from axes.models import AccessAttempt
from django.contrib.auth import authenticate
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.http import HttpResponse
from django.test import Client
from django.urls import get_resolver, path
from django.utils import timezone
from pytest_django.fixtures import Settings

from project import urls
from realtime.login import login_link
from realtime.logins import failed_tries, throttled_backend
from tests.realtime.logins.conftest import PASSWORD

HERE, THERE = "192.0.2.7", "192.0.2.8"
LOGIN, ADMIN = "/login/", "/admin/login/"
WRONG_LINK = "/login/once/MQ/c0ffee-0123456789abcdef/"
pytestmark = pytest.mark.django_db


def tried(password: str, name: str = "ada", address: str = HERE, page: str = LOGIN) -> Any:
    return Client().post(page, {"username": name, "password": password}, REMOTE_ADDR=address)


def statuses(count: int, name: str = "ada", address: str = HERE, page: str = LOGIN) -> list[int]:
    return [tried("wrong", name, address, page).status_code for _ in range(count)]


@pytest.mark.parametrize("page", [LOGIN, ADMIN])
def test_after_some_wrong_passwords_even_the_right_one_is_refused_with_the_cure(ada: User, page: str) -> None:
    assert statuses(3, page=page) == [200, 200, 429]
    refused = tried(PASSWORD, page=page)
    assert refused.status_code == 429
    assert refused["Retry-After"] == "900"
    assert "no-store" in refused["Cache-Control"]
    assert refused["Content-Type"].startswith("text/html")
    page_text = refused.content.decode()
    assert "Wait 15 minutes and try again" in page_text
    assert "manage.py loginlink USER" in page_text
    assert not Session.objects.exists()


def test_both_logins_count_together(ada: User) -> None:
    statuses(2, page=LOGIN)
    assert statuses(1, page=ADMIN) == [429]
    assert tried(PASSWORD, page=LOGIN).status_code == 429


def test_neither_another_address_nor_another_name_is_locked(ada: User) -> None:
    User.objects.create_user("grace", password=PASSWORD)
    statuses(4)
    assert tried(PASSWORD, "grace").status_code == 302
    assert tried(PASSWORD, address=THERE).status_code == 302


def test_a_name_that_nobody_has_is_answered_alike(ada: User) -> None:
    """Whether there is a user of that name must not be told."""
    assert statuses(4, "nobody") == [200, 200, 429, 429]


def test_a_right_password_forgets_the_wrong_ones_of_that_name(ada: User) -> None:
    assert statuses(2) == [200, 200]
    assert tried(PASSWORD).status_code == 302
    assert statuses(2) == [200, 200]


def test_the_lock_ends_by_itself_and_refused_tries_do_not_prolong_it(ada: User) -> None:
    statuses(3)
    before = AccessAttempt.objects.get(username="ada")
    statuses(2)
    after = AccessAttempt.objects.get(username="ada")
    assert (after.attempt_time, after.failures_since_start) == (before.attempt_time, 3)
    AccessAttempt.objects.update(attempt_time=timezone.now() - timedelta(minutes=16))
    assert statuses(1) == [200]  # and it is counted from the beginning
    assert tried(PASSWORD).status_code == 302


def test_one_who_tries_many_names_is_locked_out_of_all(ada: User) -> None:
    AccessAttempt.objects.create(username=failed_tries.ANY_NAME, ip_address=HERE, failures_since_start=58)
    assert [tried("wrong", name).status_code for name in ("a", "b", "c")] == [200, 200, 429]
    assert tried(PASSWORD).status_code == 429
    assert tried(PASSWORD, address=THERE).status_code == 302


def test_a_proxy_on_this_machine_that_names_no_clients_locks_out_no_other_name(ada: User) -> None:
    AccessAttempt.objects.create(username=failed_tries.ANY_NAME, ip_address="127.0.0.1", failures_since_start=1_000)
    assert tried(PASSWORD, address="127.0.0.1").status_code == 302


def test_what_a_client_may_change_makes_it_no_other_client(ada: User) -> None:
    for number in range(3):
        sent = {"username": "ada", "password": "wrong"}
        Client().post(f"{LOGIN}?n={number}", sent, REMOTE_ADDR=HERE, headers={"user-agent": f"curl/{number}"})
    assert tried(PASSWORD).status_code == 429
    assert AccessAttempt.objects.filter(username="ada").count() == 1


@pytest.mark.parametrize("name", ["x" * 10_000, "line\nfeed", "\u202e", "ß" * 300])
def test_any_name_is_counted(ada: User, name: str) -> None:
    assert statuses(4, name) == [200, 200, 429, 429]
    stored = AccessAttempt.objects.exclude(username=failed_tries.ANY_NAME).get().username
    assert stored is not None
    assert len(stored) <= failed_tries.LONGEST_NAME
    assert stored.isprintable()


def test_no_password_is_stored_or_logged(ada: User, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(4):
        tried("hunter2-hunter2", "hunter3-hunter3")
    stored = str(list(AccessAttempt.objects.values("get_data", "post_data")))
    assert "hunter" not in stored
    assert "hunter" not in caplog.text
    assert HERE in caplog.text  # who reads the log sees where it came from


def test_a_login_that_finds_no_turn_is_told_to_come_again_and_does_not_count(
    ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(throttled_backend, "WAIT_SECONDS", 0.0)
    with throttled_backend.turns.turn(HERE, 0.0) as another:
        assert another
        refused = tried(PASSWORD)
        assert (refused.status_code, refused["Retry-After"]) == (429, "5")
        assert "Nothing is wrong with yours" in refused.content.decode()
        assert tried(PASSWORD, address=THERE).status_code == 302
    assert not AccessAttempt.objects.exists()
    assert tried(PASSWORD).status_code == 302
    assert throttled_backend.turns.under_way == 0


def test_a_program_has_the_refusal_in_json(ada: User, settings: Settings) -> None:
    settings.ROOT_URLCONF = __name__
    for _ in range(3):
        refused = Client().post("/api/login/", {"username": "ada", "password": "wrong"}, REMOTE_ADDR=HERE)
    assert refused.status_code == 429
    assert refused["Retry-After"] == "900"
    assert refused.json()["detail"].startswith("Too many wrong passwords. Wrong passwords came too often")


def test_dead_links_count_per_address_and_a_link_that_works_is_never_refused(ada: User) -> None:
    client = Client(REMOTE_ADDR=HERE)
    assert [client.get(WRONG_LINK).status_code for _ in range(14)] == [410] * 12 + [429] * 2
    refused = client.get(WRONG_LINK)
    assert refused["Retry-After"] == "900"
    assert "A link that was not used yet still works" in refused.content.decode()
    assert client.post(login_link(ada)).status_code == 302


def test_a_link_logs_in_who_is_locked_out(ada: User) -> None:
    statuses(4)
    assert Client(REMOTE_ADDR=HERE).post(login_link(ada)).status_code == 302


def test_commands_of_this_machine_are_not_counted(ada: User) -> None:
    assert authenticate(username="ada", password="wrong") is None
    assert not AccessAttempt.objects.exists()
    assert authenticate(username="ada", password=PASSWORD) == ada


def test_views_that_take_a_password_are_synchronous() -> None:
    """The lock guards `authenticate`; there is none for `aauthenticate`."""
    for address in ("/login/", "/admin/login/"):
        assert not inspect.iscoroutinefunction(get_resolver().resolve(address).func)
    assert not hasattr(throttled_backend.ThrottledLogins, "aauthenticate")


def _signed_in(request: object) -> HttpResponse:
    authenticate(request, username="ada", password="wrong")  # type: ignore[arg-type]  # a request
    return HttpResponse()


_signed_in.csrf_exempt = True  # type: ignore[attr-defined]
urlpatterns = [path("api/login/", _signed_in), *urls.urlpatterns]
