"""Whom a password lets in, at the login page and in the admin; and what both pages offer."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.models import User
from django.test import Client
from pytest_django.fixtures import Settings

from accounts.password_rules import OnlyWithPassword, has_password_here
from accounts.sign_on.identities import link
from realtime.login import LoginForm
from realtime.logins.admin_login import AdminLoginForm
from tests.realtime.sign_on.conftest import sign_on_at

PASSWORD = "a secret of its own"
ISSUER = "https://id.example.org"
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _configured(settings: Settings) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.SIGN_ON = sign_on_at(ISSUER)


@pytest.fixture
def users(_configured: None) -> None:
    User.objects.create_user("ada", password=PASSWORD)
    User.objects.create_user("grace", password=PASSWORD, is_staff=True)
    User.objects.create_superuser("root", password=PASSWORD)


def tried(name: str, page: str = "/login/") -> tuple[bool, str]:
    """Return whether the password logs in, and the page if not."""
    client = Client()
    answer = client.post(page, {"username": name, "password": PASSWORD})
    return "_auth_user_id" in client.session, answer.content.decode()


@pytest.mark.parametrize(
    ("allowed", "let_in"), [("yes", {"ada", "grace", "root"}), ("superusers", {"root"}), ("no", set[str]())]
)
def test_a_password_lets_in_whom_the_setting_names(
    settings: Settings, users: None, allowed: str, let_in: set[str]
) -> None:
    settings.PASSWORD_LOGIN = allowed
    assert {name for name in ("ada", "grace", "root") if tried(name)[0]} == let_in
    staff = {"grace", "root"} & let_in
    assert {name for name in ("grace", "root") if tried(name, "/admin/login/")[0]} == staff


@pytest.mark.parametrize("page", ["/login/", "/admin/login/"])
def test_who_is_not_let_in_is_told_where_to_go(settings: Settings, users: None, page: str) -> None:
    settings.PASSWORD_LOGIN = "superusers"
    assert "Your account has no password here: log in with Hospital." in tried("grace", page)[1]
    settings.PASSWORD_LOGIN = "no"
    assert "Passwords are not accepted here: log in with Hospital." in tried("root", page)[1]


def test_all_forms_that_take_a_password_ask_the_rules() -> None:
    """Of ours: Django's own are not used."""
    ours: set[type[AuthenticationForm]] = {LoginForm, AdminLoginForm}
    assert {form for form in subclasses(AuthenticationForm) if not form.__module__.startswith("django.")} == ours
    assert all(issubclass(form, OnlyWithPassword) for form in ours)


def subclasses(form: type[AuthenticationForm]) -> set[type[AuthenticationForm]]:
    direct: list[type[AuthenticationForm]] = form.__subclasses__()
    return set(direct).union(*map(subclasses, direct))


def fields(page: str) -> set[str]:
    return set(re.findall(r'<input[^>]* name="(username|password)"', page))


@pytest.mark.parametrize(
    ("allowed", "shown"), [("yes", {"username", "password"}), ("superusers", {"username", "password"}), ("no", set())]
)
def test_the_login_page_offers_what_lets_in(settings: Settings, allowed: str, shown: set[str]) -> None:
    settings.PASSWORD_LOGIN = allowed
    page = Client().get("/login/?next=/queue/%3Fa%3D1%26b").content.decode()
    assert fields(page) == shown
    assert 'href="/login/oidc/?next=%2Fqueue%2F%3Fa%3D1%26b">Log in with Hospital</a>' in page
    assert ("for administrators" in page) == (allowed == "superusers")
    settings.SIGN_ON = None
    settings.PASSWORD_LOGIN = "yes"
    page = Client().get("/login/").content.decode()
    assert "oidc" not in page
    assert fields(page) == {"username", "password"}


def test_the_admin_sends_strangers_to_the_page_that_offers_both(settings: Settings, users: None) -> None:
    client = Client()
    answer = client.get("/admin/", follow=True)
    assert answer.redirect_chain[-1][0] == "/login/?next=/admin/"
    client.force_login(User.objects.get(username="ada"))
    answer = client.get("/admin/", follow=True)
    assert answer.status_code == 200
    assert "not authorized to access this page" in answer.content.decode()
    settings.SIGN_ON = None
    assert fields(Client().get("/admin/login/").content.decode()) == {"username", "password"}


def test_who_logs_in_at_the_provider_sets_no_password_here(settings: Settings, users: None) -> None:
    ada, new = User.objects.get(username="ada"), User.objects.create_user("new")
    assert has_password_here(ada)
    assert has_password_here(new), "logged in by link, and may set one"
    link(ada, ISSUER, "17")
    link(new, ISSUER, "18")
    assert has_password_here(ada), "has one, which lets in"
    assert not has_password_here(new)
    settings.PASSWORD_LOGIN = "superusers"
    assert not has_password_here(ada)
    assert has_password_here(User.objects.get(username="root"))
