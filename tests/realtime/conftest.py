"""A running web server over the test database, and people who may use it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.db import connections

from realtime.reader import logins, pages, tail
from tests.realtime.writing import new_user
from tests.servers import WebServer


@pytest.fixture(scope="session")
def shared_server(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebServer]:
    """One for all tests that leave it alive; it keeps nothing between them but code."""
    with WebServer(tmp_path_factory.mktemp("server")) as server:
        yield server


@pytest.fixture
def server(shared_server: WebServer, transactional_db: None) -> WebServer:
    """What a test stores, the server sees."""
    return shared_server


@pytest.fixture
def own_server(transactional_db: None, tmp_path: Path) -> Iterator[WebServer]:
    """To be killed, measured or read."""
    with WebServer(tmp_path) as server:
        yield server


@pytest.fixture
def own_loud_server(transactional_db: None, tmp_path: Path) -> Iterator[WebServer]:
    """Logs all it can."""
    with WebServer(tmp_path, LIVETRAIN_LOG_LEVEL="DEBUG") as server:
        yield server


@pytest.fixture
async def within_process(transactional_db: None) -> AsyncIterator[None]:
    """For tests that run the ASGI application themselves: nothing of it outlives the test."""
    yield
    await asyncio.gather(*(reader(connections.close_all) for reader in (pages, tail, logins)))


@pytest.fixture
def owner(transactional_db: None) -> User:
    """Owns the runs of a test."""
    return new_user()[0]


@pytest.fixture
def token(owner: User) -> str:
    """The owner's API token."""
    return new_user()[1]
