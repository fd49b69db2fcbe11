"""The settings of single sign-on: what they come to, and what is told of wrong ones, without secrets."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from accounts.sign_on import from_settings as sign_on_settings
from accounts.sign_on.from_settings import configured
from tests.installation import ROOT, Installation

GIVEN: dict[str, Any] = {
    "issuer": "https://id.example.org",
    "client_id": "livetrain",
    "secret": "hunter2",
    "secret_file": "",
    "name": "Hospital",
    "scopes": ("openid",),
    "username_claim": "preferred_username",
    "groups_claim": "groups",
    "groups": "",
    "required": "",
    "acr": "",
    "password_login": "yes",
}
NONE = GIVEN | {"issuer": "", "client_id": "", "secret": ""}


def test_without_an_issuer_there_is_none() -> None:
    assert configured(**NONE) is None


def test_all_that_is_given_is_there_and_the_secret_is_not_shown() -> None:
    found = configured(**GIVEN | {"groups": "a=X:viewer", "required": "a, b", "acr": "gold silver"})
    assert found is not None
    assert (found.required_groups, found.acr) == (("a", "b"), ("gold", "silver"))
    assert found.rules[0].project == "X"
    assert found.client_secret == "hunter2"
    assert "hunter2" not in repr(found)


def test_the_secret_may_be_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("hunter3\n")
    found = configured(**GIVEN | {"secret": "", "secret_file": str(file)})
    assert found is not None
    assert found.client_secret == "hunter3"


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"client_id": ""}, "LIVETRAIN_OIDC_CLIENT_ID"),
        ({"secret": ""}, "LIVETRAIN_OIDC_CLIENT_SECRET_FILE"),
        ({"secret_file": "/x"}, "either LIVETRAIN_OIDC_CLIENT_SECRET, or"),
        ({"secret": "", "secret_file": "/no/such/file"}, "'/no/such/file' cannot be read: No such file or directory"),
        ({"groups": "it=superuser, a=X:boss"}, "LIVETRAIN_OIDC_GROUPS is wrong: entry 'a=X:boss': 'boss' is no role"),
        ({"required": ","}, "LIVETRAIN_OIDC_REQUIRED_GROUP is wrong: ',' names no group"),
    ],
)
def test_what_is_missing_or_wrong_is_named(given: dict[str, str], told: str) -> None:
    with pytest.raises(ImproperlyConfigured) as wrong:
        configured(**GIVEN | given)
    assert told in str(wrong.value)
    assert "hunter2" not in str(wrong.value)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"client_id": "x"}, "LIVETRAIN_OIDC_CLIENT_ID is there, and LIVETRAIN_OIDC_ISSUER is not"),
        ({"secret": "hunter2"}, "LIVETRAIN_OIDC_CLIENT_SECRET is there"),
        ({"required": "staff"}, "LIVETRAIN_OIDC_REQUIRED_GROUP is there"),
        ({"password_login": "no"}, "nobody could log in"),
        ({"password_login": "superusers"}, "LIVETRAIN_PASSWORD_LOGIN=superusers"),
    ],
)
def test_half_of_it_is_refused(given: dict[str, str], told: str) -> None:
    with pytest.raises(ImproperlyConfigured) as wrong:
        configured(**NONE | given)
    assert told in str(wrong.value)
    assert "hunter2" not in str(wrong.value)


@pytest.mark.parametrize(
    ("raw", "issuer"),
    [
        ("https://id.example.org/realms/hospital", "https://id.example.org/realms/hospital"),
        ("https://id.example.org/", "https://id.example.org"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("http://[::1]:8080", "http://[::1]:8080"),
        ("http://localhost", "http://localhost"),
    ],
)
def test_an_issuer_is_an_address(raw: str, issuer: str) -> None:
    assert sign_on_settings.issuer(raw) == issuer


@pytest.mark.parametrize(
    "raw",
    [
        "id.example.org",
        "http://id.example.org",
        "http://127.0.0.1.example.org",
        "https://a:b@id.example.org",
        "https://id.example.org/?a",
        "https://id.example.org/#a",
        "https://id.example.org/.well-known/openid-configuration",
        "https://",
    ],
)
def test_an_address_that_is_no_issuer_is_refused(raw: str) -> None:
    with pytest.raises(ValueError, match=re.escape(raw)):
        sign_on_settings.issuer(raw)


def test_openid_is_always_among_the_scopes() -> None:
    assert sign_on_settings.scopes("profile, groups") == ("openid", "profile", "groups")
    assert sign_on_settings.scopes("openid email") == ("openid", "email")
    with pytest.raises(ValueError, match="x"):
        sign_on_settings.scopes('x"y')


def environment(tmp_path: Path, **more: str) -> dict[str, str]:
    issuer = {"LIVETRAIN_OIDC_ISSUER": "https://id.example.org", "LIVETRAIN_OIDC_CLIENT_ID": "livetrain"}
    return Installation(tmp_path / "home", **issuer, LIVETRAIN_OIDC_CLIENT_SECRET="hunter2", **more).environment


def ran(script: str, given: dict[str, str]) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", script]
    return subprocess.run(command, cwd=ROOT, env=given, capture_output=True, text=True, check=False)


def test_a_server_with_it_starts_and_one_without_it_loads_nothing_of_it(tmp_path: Path) -> None:
    script = (
        "import sys, django; django.setup(); import project.urls; from django.core.management import call_command; "
        "call_command('check'); call_command('migrate', verbosity=0); "
        "from django.contrib.auth.models import User; User.objects.create_user('ada').delete(); "
        "from django.contrib import admin; "
        "assert not {'account', 'socialaccount'} & {model._meta.app_label for model in admin.site._registry}; "
        "print(*sorted({'allauth', 'jwt', 'requests', 'oauthlib'} & {name.partition('.')[0] for name in sys.modules}))"
    )
    found = ran(script, environment(tmp_path) | {"DJANGO_SETTINGS_MODULE": "project.settings"})
    assert found.returncode == 0, found.stderr
    assert "hunter2" not in found.stdout + found.stderr
    assert "allauth" in found.stdout.splitlines()[-1]
    without = {name: value for name, value in environment(tmp_path).items() if "_OIDC_" not in name}
    found = ran(script, without | {"DJANGO_SETTINGS_MODULE": "project.settings"})
    assert found.returncode == 0, found.stderr
    assert found.stdout.splitlines()[-1] == ""


def test_a_wrong_entry_stops_the_start(tmp_path: Path) -> None:
    given = environment(tmp_path, LIVETRAIN_OIDC_GROUPS="radiology=Lungs")
    found = ran("import project.settings", given)
    assert "LIVETRAIN_OIDC_GROUPS is wrong: entry 'radiology=Lungs': 'Lungs' gives nothing" in found.stderr
    assert "hunter2" not in found.stderr
    assert os.environ.get("LIVETRAIN_OIDC_ISSUER") is None
