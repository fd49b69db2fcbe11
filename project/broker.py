"""The Dramatiq broker of this process, chosen by BROKER_URL. A broker only wakes workers; the database is the truth."""

from __future__ import annotations

from typing import Any

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
    return _new(REDIS, url=address, middleware=middleware, maintenance_chance=1_000_000, heartbeat_timeout=60_000)


def _new(name: str, **options: Any) -> dramatiq.Broker:
    broker: dramatiq.Broker = import_string(name)(**options)
    return broker
