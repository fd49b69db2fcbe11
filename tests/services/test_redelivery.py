"""Brokers deliver a message again while its run still runs, or long after its end: nothing happens twice.

That is why messages are acknowledged when the slot is free again, not when they arrive: the one that is not yet
acknowledged keeps the broker from sending this worker wake-ups that a free one could use, and a second delivery only
wakes a slot, which finds in the database what there is to do.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
import redis

from tests import slow_network
from tests.installation import Server
from tests.prepared_database import ON_POSTGRESQL
from tests.prepared_home import prepared
from tests.services import servers
from tests.services.parts import new_database, new_redis_database
from tests.waiting import eventually

pytestmark = pytest.mark.services
TIMEOUT_SECONDS = 12.0  # RabbitMQ's, which is 30 minutes where nobody sets it
LONG_SECONDS = 37.0  # three such time-outs
SHORT: dict[str, Any] = {"experiment_name": "e", "source_path": "builtin:breast-cancer", "trainer": {"max_epochs": 2}}
ENDLESS: dict[str, Any] = SHORT | {
    "trainer": {"max_epochs": 10_000},
    "callbacks": {"early_stopping": False},
    "model": slow_network.MODEL,
}
HEARTBEATS = "dramatiq:__heartbeats__"
LONG: dict[str, Any] = ENDLESS | {"trainer": {"max_epochs": 10_000, "max_hours": LONG_SECONDS / 3600}}


@contextlib.contextmanager
def impatient_rabbitmq() -> Iterator[str]:
    with contextlib.ExitStack() as stack:
        try:
            address = stack.enter_context(servers.rabbitmq(TIMEOUT_SECONDS))
        except servers.Unavailable as reason:
            pytest.skip(str(reason))
        yield address


def test_a_run_longer_than_rabbitmqs_consumer_timeout(tmp_path: Path, postgres_url: str) -> None:
    with impatient_rabbitmq() as broker:
        home = prepared(
            tmp_path / "home",
            DATABASE_URL=new_database(postgres_url, "consumer_timeout", ON_POSTGRESQL),
            BROKER_URL=broker,
            LIVETRAIN_LOG_LEVEL="DEBUG",
            **slow_network.SETTING,
        )
        with home.serve() as server:
            long = server.train(**LONG)
            server.wait_for(long, "in_progress")
            following = server.train(**SHORT)
            detail = server.wait_for(long, "completed")
            assert detail["spent_seconds"] > 3 * TIMEOUT_SECONDS
            server.wait_for(following, "completed", within=60)  # the worker still consumes
            last = server.train(**SHORT)
            server.wait_for(last, "completed", within=12)  # by its message: the safety net comes after 15 s
            eventually(lambda: deliveries(server, long) >= 2)
            for run_id in (long, following, last):
                require_one_attempt(server, run_id)
            assert "PRECONDITION_FAILED" in server.log.read_text(), "RabbitMQ did not close the channel"


def test_redis_delivers_a_dead_workers_message_after_its_run_has_ended(
    tmp_path: Path, postgres_url: str, redis_url: str
) -> None:
    """The worker is killed, its run resumed by another and completed; only then Redis is told that it is dead."""
    address = new_redis_database(redis_url)
    home = prepared(
        tmp_path / "home",
        DATABASE_URL=new_database(postgres_url, "late_redelivery", ON_POSTGRESQL),
        REDIS_URL=address,
        BROKER_URL=address,
        LIVETRAIN_LOG_LEVEL="DEBUG",
        LIVETRAIN_LEASE_SECONDS="3",
        **slow_network.SETTING,
    )
    with home.serve() as server, redis.Redis.from_url(address, decode_responses=True) as client:
        run_id = server.train(**ENDLESS)
        eventually(lambda: server.get(f"/api/runs/{run_id}/")["last_checkpoint"], within=180)
        dead = client.zrange(HEARTBEATS, 0, -1)
        kill_worker(server)
        eventually(lambda: server.get(f"/api/runs/{run_id}/")["attempt"] == 2, within=180)
        server.post(f"/api/runs/{run_id}/finish/", {})
        server.wait_for(run_id, "completed")
        journal = server.get(f"/api/runs/{run_id}/events/?after=0&limit=1000&types=run_status,training_end")
        before = deliveries(server, run_id)
        assert [name for name in client.keys("dramatiq:__acks__*") if client.smembers(name)]  # the dead worker's
        client.zadd(HEARTBEATS, dict.fromkeys(dead, 1), xx=True)  # its last sign of life is long ago
        eventually(lambda: deliveries(server, run_id) > before, within=30)
        following = server.train(**SHORT)
        server.wait_for(following, "completed", within=12)
        require_one_attempt(server, following)
        again = server.get(f"/api/runs/{run_id}/events/?after=0&limit=1000&types=run_status,training_end")
        assert again["events"] == journal["events"]
        assert server.get(f"/api/runs/{run_id}/")["attempt"] == 2
        eventually(lambda: not [name for name in client.keys("dramatiq:__acks__*") if client.smembers(name)])


def kill_worker(server: Server) -> None:
    children = psutil.Process(server.process.pid).children()
    [worker] = [child for child in children if "worker" in child.cmdline()]
    os.kill(worker.pid, signal.SIGKILL)


def deliveries(server: Server, run_id: int) -> int:
    """Return how often a worker took a message that was sent for this run."""
    return len(re.findall(rf"Received message train\({run_id}\)", server.log.read_text(errors="replace")))


def require_one_attempt(server: Server, run_id: int) -> None:
    """Require that the run was completed once, and nothing of it is there twice."""
    detail = server.get(f"/api/runs/{run_id}/")
    assert (detail["status"], detail["attempt"]) == ("completed", 1)
    wanted = "run_status,training_start,final_stats,training_end"
    events = server.get(f"/api/runs/{run_id}/events/?after=0&limit=1000&types={wanted}")["events"]
    statuses = [event["data"]["status"] for event in events if event["type"] == "run_status"]
    assert [status for status in statuses if status != "in_progress"] == ["queued", "completed"]
    kinds = [event["type"] for event in events if event["type"] != "run_status"]
    assert kinds == ["training_start", "final_stats", "training_end"]
    for series in server.get(f"/api/runs/{run_id}/metrics/?context=epoch")["series"]:
        assert series["epochs"] == list(range(len(series["epochs"])))
