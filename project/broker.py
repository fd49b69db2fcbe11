"""The Dramatiq broker of this process, chosen by BROKER_URL. A broker only wakes workers; the database is the truth."""

from __future__ import annotations

import os
from functools import partial
from typing import Any
from uuid import uuid4

import dramatiq
from django.conf import settings
from django.utils.module_loading import import_string
from dramatiq.brokers.stub import StubBroker
from dramatiq.middleware import Middleware, Retries, TimeLimit

# By name: each brings a client library of several megabytes, of which a process needs one or none.
RABBITMQ = "dramatiq.brokers.rabbitmq.RabbitmqBroker"
REDIS = "dramatiq.brokers.redis.RedisBroker"


def connect() -> dramatiq.Broker:
    """Build the broker and make it the process's own; connects to nothing yet.

    Retries and time limits are present only so that the actor can switch them off by name.
    """
    broker = _build([TimeLimit(), Retries()])
    dramatiq.set_broker(broker)
    return broker


def _build(middleware: list[Middleware]) -> dramatiq.Broker:
    address = settings.BROKER_URL
    if settings.BROKER_EMBEDDED:
        return StubBroker(middleware=middleware)  # type: ignore[no-untyped-call,unused-ignore]
    if address.startswith(("amqp:", "amqps:")):
        return _new(RABBITMQ, url=address, middleware=middleware)
    # Redis notices messages of dead workers only during maintenance, by default once in a thousand commands.
    broker = _new(REDIS, url=address, middleware=middleware, maintenance_chance=1_000_000, heartbeat_timeout=60_000)
    os.register_at_fork(after_in_child=partial(_set_apart, broker))
    return broker


def _set_apart(broker: Any) -> None:
    """Give the broker of a forked process an identity of its own.

    Redis returns the messages of a dead worker to the queue once nobody's heart beats under its identity.
    """
    broker.broker_id = str(uuid4())


def _new(name: str, **options: Any) -> dramatiq.Broker:
    broker: dramatiq.Broker = import_string(name)(**options)
    return broker
