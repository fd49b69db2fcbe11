"""A process that knows the actor by name alone, as the web process does, wakes a worker over a real broker."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import dramatiq
import pytest
from dramatiq.brokers.rabbitmq import RabbitmqBroker
from dramatiq.brokers.redis import RedisBroker

from experiments import wakeup
from experiments.worker import tasks
from tests.services.parts import new_redis_database

pytestmark = pytest.mark.services
ROOT = Path(__file__).parents[2]
SEND = """
import sys, django
django.setup()
from experiments import wakeup
assert wakeup.enqueue(7)
assert "experiments.worker.tasks" not in sys.modules
"""


def send(tmp_path: Path, broker: str) -> None:
    home = {"LIVETRAIN_HOME": str(tmp_path), "BROKER_URL": broker, "DJANGO_SETTINGS_MODULE": "project.settings"}
    subprocess.run([sys.executable, "-c", SEND], cwd=ROOT, env=os.environ | home, check=True, timeout=60)


def received(broker: dramatiq.Broker) -> dict[str, object]:
    broker.declare_queue(wakeup.QUEUE)
    consumer = broker.consume(wakeup.QUEUE, timeout=10_000)
    message = next(consumer)
    assert message is not None
    consumer.ack(message)
    consumer.close()
    return {name: json.loads(message.encode())[name] for name in ("queue_name", "actor_name", "args", "kwargs")}


def test_over_redis(tmp_path: Path, redis_url: str) -> None:
    address = new_redis_database(redis_url)
    send(tmp_path, address)
    found = received(RedisBroker(url=address, middleware=[]))  # type: ignore[no-untyped-call]
    assert found == expected()


def test_over_rabbitmq(tmp_path: Path, rabbitmq_url: str) -> None:
    send(tmp_path, rabbitmq_url)
    assert received(RabbitmqBroker(url=rabbitmq_url, middleware=[])) == expected()


def expected() -> dict[str, object]:
    """Return what the actor itself would send."""
    actor = tasks.train
    return {"queue_name": actor.queue_name, "actor_name": actor.actor_name, "args": [7], "kwargs": {}}
