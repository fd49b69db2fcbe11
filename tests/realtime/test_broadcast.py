"""`hint` from a worker: never blocks, never raises, does nothing where nobody could hear it."""

from __future__ import annotations

import logging
import threading
import time

import pytest
from channels.layers import get_channel_layer
from pytest_django.fixtures import Settings

from realtime.consumers import NothingHere, RunConsumer, RunListConsumer
from realtime.hubs import broadcast
from realtime.hubs.broadcast import Hint, run_group
from realtime.hubs.log_once import LogOnce
from runs.failures import thread_failures
from tests.servers import free_port
from tests.waiting import eventually

FAILS = "Sending hints over the channel layer fails"


@pytest.fixture
def nowhere(settings: Settings) -> None:
    """Name a Redis that nobody runs."""
    settings.REDIS_URL = f"redis://127.0.0.1:{free_port()}"
    layer = {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": [{"address": settings.REDIS_URL, "socket_timeout": None}]},
    }
    settings.CHANNEL_LAYERS = {"default": layer}


def test_embedded_hint_does_nothing(settings: Settings) -> None:
    settings.REDIS_URL = ""
    threads = threading.active_count()
    broadcast.hint(1)
    assert threading.active_count() == threads


async def test_a_hint_is_a_number_and_no_client_is_a_member_of_a_group() -> None:
    """The names of groups can be guessed: they are of no use to who cannot join one."""
    layer = get_channel_layer()
    channel = await layer.new_channel()
    await layer.group_add(run_group(7), channel)
    await broadcast.publish(run_group(7), 7)
    assert await layer.receive(channel) == {"type": "hint", "run_id": 7}
    await layer.group_discard(run_group(7), channel)
    for consumer in (RunConsumer, RunListConsumer, NothingHere):
        assert get_channel_layer(consumer.channel_layer_alias) is None
        assert consumer.groups is None


def test_unreachable_layer_costs_nothing(nowhere: None, caplog: pytest.LogCaptureFixture) -> None:
    sender = broadcast.Sender()
    taken = []
    for _ in range(10):
        start = time.perf_counter()
        for run_id in range(300):
            sender.send(Hint(run_id=run_id))
        taken.append(time.perf_counter() - start)
    assert min(taken) < 0.1, "300 hints to a layer that cannot be reached, while nothing else had the processor"
    eventually(lambda: FAILS in caplog.text)
    eventually(lambda: thread_failures.counts()["hints"] > 0)


def test_outage_is_told_once_and_so_is_its_end(caplog: pytest.LogCaptureFixture) -> None:
    outage = LogOnce(logging.getLogger("test"), "Calling home")
    outage.recovered()
    outage.failed(OSError("busy"))
    outage.failed(OSError("busy"))
    outage.recovered()
    outage.recovered()
    outage.failed(ValueError("no"))
    assert caplog.messages == [
        "Calling home fails and is tried again: OSError: busy",
        "Calling home works again.",
        "Calling home fails and is tried again: ValueError: no",
    ]
