"""The Python client as it would be installed, and a real server over the test database."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.contrib.auth.models import User

from tests.realtime.writing import new_user
from tests.servers import WITHOUT_INSPECTIONS, WebServer

CLIENT = Path(__file__).resolve().parent.parent.parent / "clients" / "python"
sys.path.insert(0, str(CLIENT / "src"))


@pytest.fixture(scope="session")
def shared_server(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebServer]:
    """Start one server for all tests that leave it alive."""
    with WebServer(tmp_path_factory.mktemp("server"), WITHOUT_INSPECTIONS) as server:
        yield server


@pytest.fixture
def server(shared_server: WebServer, transactional_db: None) -> WebServer:
    """Lend the shared server, over the database of the test."""
    return shared_server


@pytest.fixture
def owner(transactional_db: None) -> User:
    """Make the owner of a test's runs."""
    return new_user()[0]


@pytest.fixture
def token(owner: User) -> str:
    """Make the owner's API token."""
    return new_user()[1]
