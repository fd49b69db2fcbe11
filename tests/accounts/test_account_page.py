"""The account page: each user's own tokens and password, without rights of staff; and what administrators see."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import OperationalError
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django.fixtures import Settings

from accounts.issuing import NEVER, issue, tokens_of
from accounts.models import APIToken
from accounts.new_passwords import EndsTokens

pytestmark = pytest.mark.django_db
PASSWORD, NEW = "a secret of its own", "another secret of its own"


@pytest.fixture
def ada() -> User:
    return User.objects.create_user("ada", password=PASSWORD)


@pytest.fixture
def browser(ada: User) -> Client:
    return logged_in("ada")


def logged_in(name: str, password: str = PASSWORD) -> Client:
    client = Client(headers={"origin": "http://testserver"})
    assert client.login(username=name, password=password)
    return client


def change_password(client: Client, new: str = NEW, **fields: str) -> str:
    form = {"old_password": PASSWORD, "new_password1": new, "new_password2": new} | fields
    return client.post("/account/password/", form, follow=True).content.decode()


def status(client: Client) -> int:
    return client.get("/api/runs/?page_size=1").status_code


def test_the_page_is_linked_from_all_others_and_is_for_those_who_are_logged_in(browser: Client) -> None:
    assert '<a href="/account/"' in browser.get("/").content.decode()
    answer = browser.get("/account/")
    assert "no-store" in answer["Cache-Control"]
    assert "You have no tokens." in answer.content.decode()
    assert Client().get("/account/")["Location"] == "/login/?next=/account/"
    for address in ("/account/password/", "/account/tokens/", "/account/tokens/1/revoke/"):
        assert Client().post(address)["Location"] == f"/login/?next={address}"
        assert browser.get(address)["Location"] == "/account/", "a login leads there"


def test_a_token_is_shown_once(browser: Client, ada: User) -> None:
    form = {"name": "<nightly>", "scope": "train", "days": "30"}
    shown = browser.post("/account/tokens/", form)
    assert "no-store" in shown["Cache-Control"]
    [text] = re.findall(r'value="(livetrain_[0-9a-f]{64})"', shown.content.decode())
    assert status(Client(headers={"authorization": f"Token {text}"})) == 200
    page = browser.get("/account/").content.decode()
    assert text not in page
    assert text[:15] in page
    assert "&lt;nightly&gt;" in page
    [token] = tokens_of(ada)
    assert (token.scope, (token.expiry - timezone.now()).days) == ("train", 29)
    page = browser.post(f"/account/tokens/{token.pk}/revoke/", follow=True).content.decode()
    assert "The token is revoked" in page
    assert "You have no tokens." in page
    assert status(Client(headers={"authorization": f"Token {text}"})) == 401


def test_what_is_wrong_with_a_token_is_said(browser: Client, ada: User, settings: Settings) -> None:
    right = {"name": "x", "scope": "read", "days": "30"}
    for wrong in ({"name": ""}, {"name": "\u200b"}, {"scope": "root"}, {"days": "inf"}):
        assert 'role="alert"' in browser.post("/account/tokens/", right | wrong).content.decode(), wrong
    assert not tokens_of(ada).exists()
    settings.TOKEN_LIMIT_DAYS = NEVER
    browser.post("/account/tokens/", {"name": "x", "scope": "read", "days": "inf"})
    assert tokens_of(ada).get().expiry is None


def test_tokens_of_others_cannot_be_revoked(browser: Client) -> None:
    token, _ = issue(User.objects.create_user("grace"), "theirs")
    assert "theirs" not in browser.get("/account/").content.decode()
    assert browser.post(f"/account/tokens/{token.pk}/revoke/").status_code == 404
    assert APIToken.objects.filter(pk=token.pk).exists()


def test_forms_need_the_token_of_the_page(ada: User) -> None:
    """Another site cannot have a token made, or a password set."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(ada)
    for address in ("/account/password/", "/account/tokens/", "/account/tokens/1/revoke/"):
        assert client.post(address).status_code == 403


def test_a_user_without_rights_changes_the_password_and_stays_logged_in(browser: Client, ada: User) -> None:
    elsewhere, (_, text) = logged_in("ada"), issue(ada, "nightly")
    page = change_password(browser)
    assert "The new password holds." in page
    assert (status(browser), status(elsewhere)) == (200, 401)
    assert status(Client(headers={"authorization": f"Token {text}"})) == 401
    assert Client().login(username="ada", password=NEW)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"old_password": "wrong"}, "old password was entered incorrectly"),
        ({"new_password2": "different from it"}, "didn’t match"),
        ({"new_password1": "ada", "new_password2": "ada"}, "too s"),
    ],
)
def test_a_refused_password_changes_nothing(browser: Client, ada: User, fields: dict[str, str], words: str) -> None:
    _, text = issue(ada, "nightly")
    page = change_password(browser, **fields)
    assert words in page.replace("&#x27;", "’")
    assert PASSWORD not in page
    assert (status(browser), status(Client(headers={"authorization": f"Token {text}"}))) == (200, 200)
    assert Client().login(username="ada", password=PASSWORD)


def test_a_password_does_not_hold_where_tokens_cannot_be_ended(
    browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_args: object) -> None:
        raise OperationalError("injected")

    monkeypatch.setattr(EndsTokens, "password_changed", failing)
    with pytest.raises(OperationalError):
        change_password(browser)
    assert Client().login(username="ada", password=PASSWORD)


def test_a_user_who_never_had_a_password_sets_one(user: User, browser_session: Client) -> None:
    """As whom `make run` creates, who logs in by links."""
    assert "old_password" not in browser_session.get("/account/").content.decode()
    change_password(browser_session)
    assert Client().login(username=user.username, password=NEW)


def test_the_end_of_migrated_tokens_is_told(browser: Client, ada: User) -> None:
    ends = timezone.now() + timedelta(days=180)
    APIToken.objects.create(user=ada, name="migrated", scope="admin", prefix="", expiry=timedelta(days=180))
    page = browser.get("/account/").content.decode()
    assert f"A token of an earlier version goes on until {ends.day} {ends:%B %Y}" in page


def test_administrators_see_whose_tokens_there_are_and_revoke_them(admin_client: Client, ada: User) -> None:
    token, text = issue(ada, "nightly")
    addresses = [
        reverse("admin:accounts_apitoken_changelist"),
        reverse("admin:accounts_apitoken_change", args=[token.pk]),
    ]
    for address in addresses:
        page = admin_client.get(address).content.decode()
        assert "nightly" in page
        assert "ada" in page
        assert text[:15] in page
        assert text not in page
        assert token.digest not in page
    assert admin_client.get(reverse("admin:accounts_apitoken_add")).status_code == 403
    assert "authtoken" not in admin_client.get("/admin/").content.decode()
    delete = reverse("admin:accounts_apitoken_delete", args=[token.pk])
    page = admin_client.get(delete).content.decode()
    assert token.digest not in page
    admin_client.post(delete, {"post": "yes"})
    assert status(Client(headers={"authorization": f"Token {text}"})) == 401


def test_the_admins_form_of_a_password_ends_tokens(admin_client: Client, ada: User) -> None:
    _, text = issue(ada, "nightly")
    form = {"password1": NEW, "password2": NEW, "usable_password": "true"}
    admin_client.post(reverse("admin:auth_user_password_change", args=[ada.pk]), form)
    assert status(Client(headers={"authorization": f"Token {text}"})) == 401


def test_a_password_that_the_admin_switches_off_ends_tokens(admin_client: Client, ada: User) -> None:
    _, text = issue(ada, "nightly")
    form = {"password1": "", "password2": "", "usable_password": "false", "unset-password": "1"}
    admin_client.post(reverse("admin:auth_user_password_change", args=[ada.pk]), form)
    ada.refresh_from_db()
    assert not ada.has_usable_password()
    assert status(Client(headers={"authorization": f"Token {text}"})) == 401


def test_tokens_of_a_user_without_a_password_outlive_other_changes(user: User) -> None:
    """As those of users who log in by single sign-on or by links."""
    user.set_unusable_password()
    user.save()
    _, text = issue(user, "nightly")
    user.first_name = "Ada"
    user.set_unusable_password()
    user.save()
    assert status(Client(headers={"authorization": f"Token {text}"})) == 200
