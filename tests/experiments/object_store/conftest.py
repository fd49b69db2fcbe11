"""Files of runs in an S3 server's bucket, and two machines to train on."""

from __future__ import annotations

from collections.abc import Callable, Generator
from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from tests.experiments.object_store.server import BUCKET, KEYS, PREFIX, ObjectStore


@pytest.fixture
def object_store(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Generator[ObjectStore]:
    """Keep files of runs in an empty bucket whose server answers."""
    found = ObjectStore()
    found.start()
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    found.client.create_bucket(Bucket=BUCKET)
    settings.STORAGES = settings.STORAGES | found.storages
    settings.FILES_BUCKET, settings.FILES_PREFIX = BUCKET, PREFIX
    yield found
    found.stop()
    found.empty()


@pytest.fixture
def other_machine(settings: Settings, tmp_path: Path) -> Callable[[], None]:
    """Return a function that makes this a machine whose home has no files of any run."""

    def move() -> None:
        settings.RUNS_ROOT = tmp_path / "home of another machine"

    return move
