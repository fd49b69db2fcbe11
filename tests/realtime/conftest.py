"""A running web server over the test database, and people who may use it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.db import connections

from realtime.hubs.db_threads import logins, pages, tail
from tests.realtime.writing import new_user
from tests.servers import WITHOUT_INSPECTIONS, WebServer


@pytest.fixture(scope="session")
def shared_server(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebServer]:
    """Start one server for all tests that leave it alive; it keeps nothing between them but code."""
    with WebServer(tmp_path_factory.mktemp("server"), WITHOUT_INSPECTIONS) as server:
        yield server


@pytest.fixture
def server(shared_server: WebServer, transactional_db: None) -> WebServer:
    """Lend the shared server, over the database of the test."""
    return shared_server


@pytest.fixture
def own_server(transactional_db: None, tmp_path: Path) -> Iterator[WebServer]:
    """Start a server that the test may kill, measure or read."""
    with WebServer(tmp_path, WITHOUT_INSPECTIONS) as server:
        yield server


@pytest.fixture
def own_loud_server(transactional_db: None, tmp_path: Path) -> Iterator[WebServer]:
    """Start a server that logs all it can."""
    with WebServer(tmp_path, WITHOUT_INSPECTIONS, LIVETRAIN_LOG_LEVEL="DEBUG") as server:
        yield server


@pytest.fixture
async def within_process(transactional_db: None) -> AsyncIterator[None]:
    """Close what is left of an ASGI application that the test ran itself."""
    yield
    await asyncio.gather(*(reader(connections.close_all) for reader in (pages, tail, logins)))


@pytest.fixture
def owner(transactional_db: None) -> User:
    """Make the owner of a test's runs."""
    return new_user()[0]


@pytest.fixture
def token(owner: User) -> str:
    """Make the owner's API token."""
    return new_user()[1]
