"""Failed logins counted in Redis: by all web processes together, and in the database while Redis is away."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from axes.handlers.proxy import AxesProxyHandler
from axes.models import AccessAttempt
from django.contrib.auth.models import User
from django.core.cache import caches
from django.test import Client
from pytest_django.fixtures import Settings

from realtime.logins import failed_tries
from tests.realtime.logins.conftest import PASSWORD
from tests.services.servers import Unavailable, redis_server

HERE = "192.0.2.7"
NOBODY_LISTENS = "redis://127.0.0.1:1/0"


def use(settings: Settings, url: str) -> None:
    """Count in that Redis, as a web process with `REDIS_URL` does from its start."""
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": url}}
    settings.AXES_HANDLER = "realtime.logins.attempt_handlers.RedisAttempts"
    AxesProxyHandler.get_implementation(force=True)


@pytest.fixture(scope="module")
def redis_url() -> Iterator[str]:
    try:
        with redis_server() as url:
            yield url
    except Unavailable as reason:
        pytest.skip(str(reason))


def status(password: str) -> int:
    found = Client().post("/login/", {"username": "ada", "password": password}, REMOTE_ADDR=HERE)
    return found.status_code


@pytest.mark.services
def test_web_processes_count_together_and_store_nothing(ada: User, settings: Settings, redis_url: str) -> None:
    use(settings, redis_url)
    caches["default"].clear()
    assert [status("wrong"), status("wrong")] == [200, 200]
    use(settings, redis_url)  # another process
    assert [status("wrong"), status(PASSWORD)] == [429, 429]
    assert not failed_tries.is_locked(HERE, failed_tries.ANY_NAME)
    assert not AccessAttempt.objects.exists()


@pytest.mark.services
def test_a_login_forgets_the_wrong_passwords_and_wrong_tokens_count_apart(
    ada: User, settings: Settings, redis_url: str
) -> None:
    use(settings, redis_url)
    caches["default"].clear()
    assert [status("wrong"), status("wrong"), status(PASSWORD), status("wrong"), status("wrong")] == [
        *(200, 200, 302),
        *(200, 200),
    ]
    tokens = [
        Client().get("/api/queue/", REMOTE_ADDR=HERE, headers={"authorization": "Token wrong"}).status_code
        for _ in range(13)
    ]
    assert tokens == [401] * 12 + [429]


def test_without_redis_the_database_counts(ada: User, settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    use(settings, NOBODY_LISTENS)
    assert [status("wrong"), status("wrong"), status(PASSWORD)] == [200, 200, 302]
    assert [status("wrong"), status("wrong"), status("wrong"), status(PASSWORD)] == [200, 200, 429, 429]
    assert AccessAttempt.objects.filter(username="ada").exists()
    assert caplog.text.count("Counting failed logins in Redis fails and is tried again") == 1
