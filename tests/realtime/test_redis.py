"""The same promise over a real Redis: hints from another process, several web servers, a Redis that dies."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection
from pytest_django.fixtures import Settings

from access.models import Membership
from realtime.auth import RECHECK_SECONDS
from realtime.hubs import broadcast
from realtime.wire.close_codes import ACCESS_ENDED, NO_LOGIN
from runs import lifecycle
from runs.models import Run
from tests.realtime.listening import Listener, code_of_close, frame, socket
from tests.realtime.projects import member, project, run_in
from tests.realtime.test_run_list import summary_of, until
from tests.realtime.writing import batch_event, in_thread, queued_run, running_run, store, training_events
from tests.servers import WITHOUT_INSPECTIONS, WebServer, database_url
from tests.services.servers import Unavailable, redis_server
from tests.tokens import new_token

pytestmark = pytest.mark.services
EVENTS = 600
BATCH = 10


@contextlib.contextmanager
def real_redis() -> Iterator[str]:
    with contextlib.ExitStack() as stack:
        try:
            url = stack.enter_context(redis_server())
        except Unavailable as reason:
            pytest.skip(str(reason))
        yield url


def use(settings: Settings, url: str) -> None:
    """Let this process use that Redis, as a worker does."""
    settings.REDIS_URL = url
    layer = {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": [{"address": url, "socket_timeout": None}]},
    }
    settings.CHANNEL_LAYERS = {"default": layer}


@pytest.fixture(scope="module")
def redis_url() -> Iterator[str]:
    with real_redis() as url:
        yield url


@pytest.fixture(scope="module")
def shared_servers(
    django_db_setup: None, redis_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[list[WebServer]]:
    with contextlib.ExitStack() as stack:
        folders = [tmp_path_factory.mktemp(name) for name in ("one", "two")]
        yield [stack.enter_context(WebServer(folder, WITHOUT_INSPECTIONS, REDIS_URL=redis_url)) for folder in folders]


@pytest.fixture
def servers(
    shared_servers: list[WebServer], redis_url: str, settings: Settings, transactional_db: None
) -> list[WebServer]:
    """Two web servers that share database and Redis with this process."""
    use(settings, redis_url)
    return shared_servers


async def test_roaming_clients_of_two_servers_get_everything_once(
    servers: list[WebServer], owner: User, token: str
) -> None:
    run = await in_thread(running_run, owner)
    listeners = [Listener(server, run.pk, token) for server in servers for _ in range(10)]
    last = 2 + EVENTS
    roaming = asyncio.gather(
        *(listener.roam_until(last, random.Random(seed)) for seed, listener in enumerate(listeners))
    )
    await in_thread(_store_and_hint, run)
    await asyncio.wait_for(roaming, 60)
    for listener in listeners:
        assert [event["seq"] for event in listener.events] == list(range(1, last + 1))


async def test_hints_arrive_before_the_next_look(servers: list[WebServer], owner: User, token: str) -> None:
    """Without them an event would wait for the look of every second: half a second in the mean."""
    run = await in_thread(running_run, owner)
    listener = Listener(servers[0], run.pk, token)
    delays = []
    async with listener.connected() as opened:
        await listener.read_until(opened, 2)
        for step in range(15):
            start = time.perf_counter()
            await in_thread(store, run, [batch_event(step)])
            broadcast.hint(run.pk)
            await listener.read_until(opened, 3 + step)
            delays.append(time.perf_counter() - start)
    assert statistics.median(delays) < 0.25


async def test_a_lost_right_closes_sockets_of_all_servers_at_once(
    servers: list[WebServer], owner: User, token: str
) -> None:
    """None of them looks again by itself for a minute."""
    shown = await in_thread(project, "shown")
    run = await in_thread(run_in, shown, owner)
    grace = await in_thread(member, "grace", shown)
    lost = await in_thread(new_token, grace)
    path = f"/ws/runs/{run.pk}/"
    async with (
        socket(servers[0], path, lost) as one,
        socket(servers[1], path, lost) as two,
        socket(servers[1], "/ws/runs/", lost) as lists,
    ):
        for opened in (one, two, lists):
            await frame(opened)
        await in_thread(_remove, grace)
        async with asyncio.timeout(RECHECK_SECONDS / 2):
            assert [await code_of_close(opened) for opened in (one, two)] == [ACCESS_ENDED] * 2
            await until(lists, lambda message: message["type"] == "access_changed")


async def test_a_command_that_ends_at_once_has_announced_what_it_did(
    servers: list[WebServer], owner: User, token: str
) -> None:
    run = await in_thread(running_run, owner)
    async with socket(servers[0], f"/ws/runs/{run.pk}/", token) as opened:
        await frame(opened)
        async with asyncio.timeout(RECHECK_SECONDS / 2):
            await asyncio.to_thread(_revoke_in_a_process_of_its_own, owner.username)
            assert await code_of_close(opened) == NO_LOGIN


def _remove(user: User) -> None:
    Membership.objects.get(user=user).delete()


def _revoke_in_a_process_of_its_own(username: str) -> None:
    environment = os.environ | {
        "DATABASE_URL": database_url(connection.settings_dict),
        "REDIS_URL": settings.REDIS_URL,
        "DJANGO_SETTINGS_MODULE": "project.settings",
    }
    command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "apitoken", username, "--revoke", "all"]
    subprocess.run(command, env=environment, check=True, capture_output=True)


async def test_run_list(servers: list[WebServer], owner: User, token: str) -> None:
    async with socket(servers[1], "/ws/runs/", token) as opened:
        run = await in_thread(queued_run, owner)
        broadcast.hint(run.pk)
        await until(opened, summary_of(run, "queued"))
        assert await in_thread(lifecycle.cancel, run.pk, "Not wanted.")
        broadcast.hint(run.pk)
        await until(opened, summary_of(run, "cancelled"))


async def test_cut_connections_are_made_again(
    servers: list[WebServer], settings: Settings, owner: User, token: str
) -> None:
    run = await in_thread(running_run, owner)
    listener = Listener(servers[0], run.pk, token)
    async with listener.connected() as opened:
        await listener.read_until(opened, 2)
        for step in range(5):
            await in_thread(_cut_all, settings.REDIS_URL)
            await in_thread(store, run, [batch_event(step)])
            broadcast.hint(run.pk)
            await listener.read_until(opened, 3 + step)


async def test_stream_goes_on_without_redis(settings: Settings, owner: User, token: str, tmp_path: Path) -> None:
    run = await in_thread(running_run, owner)
    with contextlib.ExitStack() as life:
        use(settings, life.enter_context(real_redis()))
        server = life.enter_context(WebServer(tmp_path, WITHOUT_INSPECTIONS, REDIS_URL=settings.REDIS_URL))
        listener, late = (Listener(server, run.pk, token) for _ in range(2))
        async with listener.connected() as opened:
            await listener.read_until(opened, 2)
            with redis.Redis.from_url(settings.REDIS_URL) as client:
                client.shutdown(nosave=True)
            await in_thread(_store_and_hint, run)
            await listener.read_until(opened, 2 + EVENTS)
            await late.listen_until(2 + EVENTS)
    assert len(listener.events) == len(late.events) == 2 + EVENTS
    log = server.log.read_text()
    assert log.count("The connection of the channel layer fails") == 1
    assert "Traceback" not in log


def _store_and_hint(run: Run) -> None:
    events = training_events(EVENTS)
    for first in range(0, EVENTS, BATCH):
        store(run, events[first : first + BATCH])
        broadcast.hint(run.pk)


def _cut_all(url: str) -> None:
    with redis.Redis.from_url(url) as client:
        for kind in ("pubsub", "normal"):
            client.client_kill_filter(_type=kind, skipme=True)
