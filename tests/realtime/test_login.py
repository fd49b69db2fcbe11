"""Who gets in: passwords, links that work once, and nobody else."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from io import StringIO
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.http import HttpResponse
from django.test import Client
from pytest_django.fixtures import Settings

from realtime.login import TOKENS, login_link

PAGES = ("/", "/runs/1/")


def followed(client: Client, link: str, **sent: str) -> HttpResponse:
    """Press the button of the link's page."""
    return client.post(link, sent)  # type: ignore[return-value]


def logged_in(client: Client) -> int | None:
    """Whom the client's session belongs to."""
    key = client.session.get("_auth_user_id")
    return None if key is None else int(key)


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.django_db
def test_a_stranger_is_sent_to_the_login_and_back(client: Client, page: str) -> None:
    response = client.get(page)
    assert response.status_code == 302
    assert response["Location"] == f"/login/?next={page}"


@pytest.mark.django_db
def test_a_wrong_password_is_answered_in_the_words_of_the_page(client: Client, user: User) -> None:
    text = client.post("/login/", {"username": user.username, "password": "x"}).content.decode()
    assert "User name and password do not belong together." in text
    assert "username and password" not in text


@pytest.mark.django_db
def test_a_link_logs_in_and_goes_on(client: Client, user: User) -> None:
    response = followed(client, login_link(user, "/runs/7/"))
    assert response.status_code == 302
    assert response["Location"] == "/runs/7/"
    assert logged_in(client) == user.pk


@pytest.mark.django_db
def test_a_link_without_a_page_goes_to_the_list(client: Client, user: User) -> None:
    assert followed(client, login_link(user))["Location"] == "/"


@pytest.mark.django_db
def test_a_link_works_once(user: User) -> None:
    link = login_link(user)
    first, second = Client(), Client()
    followed(first, link)
    assert logged_in(first) == user.pk
    for response in (second.get(link), followed(second, link)):
        assert response.status_code == 410
        assert b"loginlink" in response.content
        assert logged_in(second) is None


@pytest.mark.django_db
def test_programs_that_look_at_a_link_neither_log_in_nor_use_it_up(
    user: User, caplog: pytest.LogCaptureFixture
) -> None:
    """Those of mails and chats ask for its head, then for its page."""
    link, scanner, reader = login_link(user), Client(), Client()
    for answer in (scanner.head(link), scanner.get(link), scanner.head(link)):
        assert answer.status_code == 200
        assert logged_in(scanner) is None
    assert caplog.text == ""
    assert followed(reader, link).status_code == 302
    assert logged_in(reader) == user.pk


@pytest.mark.django_db
def test_the_page_of_a_link_says_whom_it_logs_in_and_tells_no_one_its_address(client: Client, user: User) -> None:
    User.objects.filter(pk=user.pk).update(username="<b>ada")
    answer = client.get(login_link(User.objects.get(pk=user.pk)))
    assert "Log in as &lt;b&gt;ada" in answer.content.decode()
    assert answer["Referrer-Policy"] == "strict-origin"
    assert client.get("/login/once/a/b/")["Referrer-Policy"] == "strict-origin"


@pytest.mark.django_db
def test_a_page_elsewhere_cannot_press_the_button(user: User) -> None:
    client = Client(enforce_csrf_checks=True)
    link = login_link(user)
    assert followed(client, link).status_code == 403
    client.get(link)
    token = client.cookies["csrftoken"].value
    assert (
        client.post(link, {"csrfmiddlewaretoken": token}, headers={"origin": "http://evil.example"}).status_code == 403
    )
    assert client.post(link, {"csrfmiddlewaretoken": token}, headers={"origin": "null"}).status_code == 403
    assert logged_in(client) is None
    own = {"origin": "http://testserver"}  # what browsers send with that Referrer-Policy
    assert client.post(link, {"csrfmiddlewaretoken": token}, headers=own).status_code == 302


@pytest.mark.django_db
def test_a_link_dies_even_when_made_and_used_in_the_second_of_another_login(
    user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Django's own tokens leave the microseconds of the last login out."""
    moment = datetime.fromisoformat("2026-01-31T12:00:00.100000+00:00")
    moments = (moment + timedelta(milliseconds=n) for n in range(100))
    monkeypatch.setattr("django.utils.timezone.now", lambda: next(moments))
    followed(Client(), login_link(user))
    link = login_link(User.objects.get(pk=user.pk))
    assert followed(Client(), link).status_code == 302
    assert followed(Client(), link).status_code == 410


@pytest.mark.django_db
def test_a_login_by_password_ends_links_made_before(user: User) -> None:
    user.set_password("a long secret")
    user.save()
    link = login_link(user)
    assert Client().post("/login/", {"username": "ada", "password": "a long secret"}).status_code == 302
    assert Client().get(link).status_code == 410


@pytest.mark.django_db
def test_two_requests_with_one_link_log_in_once(user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both pass the check of the token before either has logged in."""
    link, second = login_link(user), Client()
    check, answers = TOKENS.check_token, []

    def checked_while_another_comes(user: User, token: str) -> bool:
        alive = check(user, token)
        monkeypatch.setattr(TOKENS, "check_token", check)
        answers.append(followed(second, link).status_code)
        return alive

    monkeypatch.setattr(TOKENS, "check_token", checked_while_another_comes)
    answers.append(followed(Client(), link).status_code)
    assert answers == [302, 410]


@pytest.mark.django_db
def test_an_expired_link_is_dead(client: Client, user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    link = login_link(user)
    later = datetime.now() + timedelta(seconds=settings.PASSWORD_RESET_TIMEOUT + 1)
    monkeypatch.setattr(TOKENS, "_now", lambda: later)
    assert client.get(link).status_code == followed(client, link).status_code == 410
    assert logged_in(client) is None


@pytest.mark.django_db
def test_a_link_of_an_inactive_user_is_dead(client: Client, user: User) -> None:
    link = login_link(user)
    user.is_active = False
    user.save()
    assert client.get(link).status_code == followed(client, link).status_code == 410
    assert logged_in(client) is None


@pytest.mark.parametrize("path", ["/login/once/MQ/abc-def/", "/login/once/!!/x/", "/login/once/OTk5OTk/a-b/"])
@pytest.mark.django_db
def test_a_mangled_link_is_dead(client: Client, user: User, path: str) -> None:
    assert client.get(path).status_code == followed(client, path).status_code == 410


@pytest.mark.django_db
def test_a_link_is_no_good_for_another_user(client: Client, user: User) -> None:
    other = User.objects.create_user("bob")
    own, others = (urlsplit(login_link(who)).path.split("/")[3:5] for who in (user, other))
    assert followed(client, f"/login/once/{others[0]}/{own[1]}/").status_code == 410


@pytest.mark.parametrize(
    "page",
    ["https://evil.example/", "//evil.example/", "javascript:alert(1)", "/\\evil.example", "http:///evil.example"],
)
@pytest.mark.django_db
def test_a_link_never_leads_elsewhere(client: Client, user: User, page: str) -> None:
    assert followed(client, login_link(user, page))["Location"] == "/"


@pytest.mark.django_db
def test_a_used_link_still_leads_its_own_user_on(client: Client, user: User) -> None:
    link = login_link(user, "/runs/7/")
    followed(client, link)
    assert client.get(link)["Location"] == followed(client, link)["Location"] == "/runs/7/"


@pytest.mark.django_db
def test_a_link_asks_before_it_changes_who_is_logged_in(client: Client, user: User) -> None:
    other, third = User.objects.create_user("bob"), User.objects.create_user("eve")
    client.force_login(other)
    link = login_link(user)
    page = client.get(link).content.decode()
    assert "logged in as <strong>bob</strong>" in page
    assert f'name="replaces" value="{other.pk}"' in page
    for sent in ({}, {"replaces": str(third.pk)}, {"replaces": str(user.pk)}):
        answer = followed(client, link, **sent)
        assert (answer.status_code, logged_in(client)) == (409, other.pk)
        assert "logged in as <strong>bob</strong>" in answer.content.decode()
    assert followed(client, link, replaces=str(other.pk)).status_code == 302
    assert logged_in(client) == user.pk


@pytest.mark.django_db
def test_a_link_of_who_is_logged_in_already_asks_for_nothing_more(client: Client, user: User) -> None:
    client.force_login(user)
    link = login_link(User.objects.get(pk=user.pk), "/runs/7/")
    assert "replaces" not in client.get(link).content.decode()
    assert followed(client, link)["Location"] == "/runs/7/"
    assert followed(Client(), link).status_code == 410


@pytest.mark.django_db
def test_a_link_is_for_no_cache_and_no_other_method(client: Client, user: User) -> None:
    link = login_link(user)
    assert client.put(link).status_code == client.options(link).status_code == 405
    assert "no-store" in client.get(link)["Cache-Control"]
    assert "no-store" in followed(client, link)["Cache-Control"]


@pytest.mark.django_db
def test_a_wrong_password_says_so(client: Client, user: User) -> None:
    response = client.post("/login/", {"username": "ada", "password": "guess"})
    assert response.status_code == 200
    assert b'role="alert"' in response.content
    assert logged_in(client) is None


@pytest.mark.django_db
def test_login_goes_on_to_a_page_of_this_server_only(user: User) -> None:
    user.set_password("a long secret")
    user.save()
    form = {"username": "ada", "password": "a long secret"}
    assert Client().post("/login/", form | {"next": "/runs/3/"})["Location"] == "/runs/3/"
    assert Client().post("/login/", form | {"next": "https://evil.example/"})["Location"] == "/"


def test_logout_needs_a_form(browser_session: Client, user: User) -> None:
    assert browser_session.get("/logout/").status_code == 405
    assert logged_in(browser_session) == user.pk
    assert browser_session.post("/logout/")["Location"] == "/login/"
    assert logged_in(browser_session) is None


def test_forms_are_protected_against_foreign_sites(user: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(user)
    response = client.post("/logout/")
    assert response.status_code == 403
    assert b"Please try again" in response.content
    assert logged_in(client) == user.pk


@pytest.mark.django_db
def test_the_command_prints_a_link_that_works(client: Client, user: User) -> None:
    call_command(
        "loginlink", "ada", "--next", "/runs/2/", "--address", "http://host:9/", stdout=(printed := StringIO())
    )
    link = printed.getvalue().strip()
    assert re.fullmatch(r"http://host:9/login/once/[^/]+/[^/]+/\?next=%2Fruns%2F2%2F", link)
    assert followed(client, link.removeprefix("http://host:9"))["Location"] == "/runs/2/"


@pytest.mark.django_db
def test_the_command_refuses_users_who_cannot_log_in(user: User) -> None:
    user.is_active = False
    user.save()
    for name in ("ada", "nobody"):
        with pytest.raises(CommandError, match=f"no active user '{name}'"):
            call_command("loginlink", name)


def test_links_over_https_stay_on_https(client: Client, user: User, settings: Settings) -> None:
    link = login_link(user, "http://testserver/runs/1/")
    assert client.post(link, secure=True)["Location"] == "/"
