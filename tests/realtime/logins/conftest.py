"""Logins that are cheap to try: three wrong passwords are too many, and hashes cost nothing."""

from __future__ import annotations

from datetime import timedelta

import pytest
from axes.handlers.proxy import AxesProxyHandler
from django.contrib.auth.models import User
from pytest_django.fixtures import Settings

from realtime.logins import throttled_backend
from runs.pauses.turns import Turns

PASSWORD = "a secret of its own"


@pytest.fixture(autouse=True)
def _few_tries(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.LOGIN_TRIES = 3
    settings.AXES_COOLOFF_TIME = timedelta(minutes=15)
    settings.AXES_HANDLER = "realtime.logins.attempt_handlers.DatabaseAttempts"
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    monkeypatch.setattr(throttled_backend, "turns", Turns(at_once=2, of_one_user=1))
    AxesProxyHandler.get_implementation(force=True)


@pytest.fixture
def ada(db: None, _few_tries: None) -> User:
    """Create a superuser with a password."""
    return User.objects.create_superuser("ada", password=PASSWORD)
