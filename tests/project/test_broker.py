"""The broker of a forked process is not taken for that of its parent or of its siblings."""

from __future__ import annotations

import os

import dramatiq
from pytest_django.fixtures import Settings

from project import broker


def identity_in_a_fork(connected: dramatiq.Broker) -> str:
    reading, writing = os.pipe()
    pid = os.fork()
    if not pid:
        os.write(writing, str(getattr(connected, "broker_id", "none")).encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as answer:
        found = answer.read()
    os.waitpid(pid, 0)
    return found


def test_each_forked_worker_has_an_identity_in_redis(settings: Settings) -> None:
    """Under one that they share, the messages of a worker that was killed would stay with the others for good."""
    settings.BROKER_URL, settings.BROKER_EMBEDDED = "redis://127.0.0.1:1/0", False
    connected = broker._build([])
    own = getattr(connected, "broker_id", "none")
    found = {own, *(identity_in_a_fork(connected) for _ in range(2))}
    assert len(found) == 3
    assert own == getattr(connected, "broker_id", "none")
