"""Tokens of an installation, made by the tests' process in that one's database.

A start of `manage.py apitoken` for each server that tests talk to would take a second of CPU time; what the command
does is tested with it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db import DEFAULT_DB_ALIAS, connections

from accounts.issuing import issue
from project.setting_values import database
from tests.installation import Installation

LEASE_SECONDS = 15.0


def install() -> None:
    """Have installations make their tokens so."""
    by_command = Installation.new_token

    def new_token(installation: Installation, username: str) -> str:
        """Make a token; by the command where the installation has other rules, or another kind of database."""
        given = installation.environment
        same_role = given.get("LIVETRAIN_DEFAULT_ROLE", "") == settings.DEFAULT_ROLE
        same_kind = _settings_of(installation)["ENGINE"] == connections.settings[DEFAULT_DB_ALIAS]["ENGINE"]
        is_usual = type(installation) is Installation and same_role and same_kind
        if not is_usual or any("_TOKEN_" in name for name in given):
            return by_command(installation, username)
        with _database_of(installation):
            user = User.objects.filter(username=username).first() or User.objects.create_user(username)
            return issue(user, "a test")[1]

    Installation.new_token = new_token  # type: ignore[assignment, method-assign]


@contextmanager
def _database_of(installation: Installation) -> Iterator[None]:
    """Let this thread's queries go to the installation's database, also where a test may not use that of the tests."""
    own = connections.create_connection(DEFAULT_DB_ALIAS)
    own.settings_dict = own.settings_dict | _settings_of(installation)
    # That of the class refuses in tests that may use no database.
    own.ensure_connection = lambda: None  # type: ignore[method-assign]
    own.connect()
    that_of_the_tests = connections[DEFAULT_DB_ALIAS]
    connections[DEFAULT_DB_ALIAS] = own
    try:
        yield
    finally:
        connections[DEFAULT_DB_ALIAS] = that_of_the_tests
        own.close()


def _settings_of(installation: Installation) -> dict[str, Any]:
    """Return Django's settings of the installation's database."""
    return database(installation.environment.get("DATABASE_URL", ""), installation.home, LEASE_SECONDS)
