"""One real server of each kind, started when the first test asks for it and ended with the session."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import pytest

from tests.services import servers


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """Return the `DATABASE_URL` of a PostgreSQL server whose new databases are migrated."""
    yield from _address_of(servers.postgresql())


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """Return the `REDIS_URL` of an empty Redis."""
    yield from _address_of(servers.redis_server())


@pytest.fixture(scope="session")
def rabbitmq_url() -> Iterator[str]:
    """Return the `BROKER_URL` of a fresh RabbitMQ node."""
    yield from _address_of(servers.rabbitmq())


def _address_of(server: contextlib.AbstractContextManager[str]) -> Iterator[str]:
    with contextlib.ExitStack() as stack:
        try:
            address = stack.enter_context(server)
        except servers.Unavailable as reason:
            pytest.skip(str(reason))
        yield address
