"""A web process that is stopped while clients are connected ends soon, and logs nothing that looks like a fault."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import json
import signal
import subprocess
import sys
import threading
import urllib.request
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.db import connections, transaction
from websockets.exceptions import ConnectionClosed

from experiments.server.launcher import listen
from runs.models import Run
from tests.realtime.listening import Listener, frame, socket
from tests.realtime.writing import in_thread, queued_run, running_run, store_at_once, training_events
from tests.servers import WebServer
from tests.waiting import eventually

SECONDS_TO_STOP = 5.0


# Python says of a task that was not over when its loop ended that it was destroyed, but only when its memory is
# freed while there still is a log: by chance. So what is left is said here.
WEB = """
import asyncio, sys
import manage
manage.main()
from daphne.server import twisted_loop
for task in asyncio.all_tasks(twisted_loop):
    print("not over:", task)
"""


class LaunchedWeb(WebServer):
    """`manage.py web`, as the launcher starts it: on a socket that it inherits."""

    def start(self) -> None:
        """Return when it answers."""
        with listen("127.0.0.1", self.port) as listener, self.log.open("ab") as output:
            descriptor = str(listener.fileno())
            self._process = subprocess.Popen(
                [sys.executable, "-c", WEB, "web", "--fd", descriptor],
                cwd=settings.BASE_DIR,
                env=self._environment,
                pass_fds=[listener.fileno()],
                stdout=output,
                stderr=subprocess.STDOUT,
            )
            eventually(self._answers, within=60)

    def stop(self) -> None:
        """SIGTERM; fails when it does not end in time."""
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)
            self._process.wait(SECONDS_TO_STOP)
            self._process = None

    def _answers(self) -> bool:
        with contextlib.suppress(OSError), urllib.request.urlopen(f"{self.url}/healthz", timeout=5):
            return True
        return False


@pytest.fixture
def web(transactional_db: None, tmp_path: Path) -> Iterator[LaunchedWeb]:
    """Start a web process of the test's own."""
    server = LaunchedWeb(tmp_path)
    server.start()
    yield server
    server.kill()


@contextlib.asynccontextmanager
async def polling(server: LaunchedWeb, run_id: int, token: str, after: int) -> AsyncIterator[None]:
    """Ask with a long poll that nothing answers."""
    url = f"{server.url}/api/runs/{run_id}/events/?after={after}&wait=30"
    process = await asyncio.create_subprocess_exec(
        *[sys.executable, "-c", POLL, url, token], stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    assert process.stdout is not None
    assert await process.stdout.readline() == b"asked\n"
    yield
    await asyncio.wait_for(process.wait(), 30)


@contextlib.contextmanager
def writing(run: Run) -> Iterator[threading.Event]:
    """Change the run in a transaction that ends when the event is set."""
    begun, written = threading.Event(), threading.Event()

    def write() -> None:
        with transaction.atomic():
            Run.objects.filter(pk=run.pk).update(notes=[])
            begun.set()
            written.wait(30)
        connections.close_all()

    thread = threading.Thread(target=write)
    thread.start()
    try:
        assert begun.wait(30)
        yield written
    finally:
        written.set()
        thread.join()


def renamed(server: LaunchedWeb, run_id: int, token: str) -> str:
    """Give the run a name, and return the one that the answer has."""
    headers = {"Authorization": f"Token {token}", "Content-Type": "application/json"}
    body = json.dumps({"experiment_name": "renamed"}).encode()
    request = urllib.request.Request(f"{server.url}/api/runs/{run_id}/", body, headers, method="PATCH")
    with urllib.request.urlopen(request, timeout=30) as answer:
        return str(json.loads(answer.read())["experiment_name"])


POLL = """
import socket, sys, urllib.parse
url, token = urllib.parse.urlsplit(sys.argv[1]), sys.argv[2]
with socket.create_connection((url.hostname, url.port)) as connection:
    lines = [f"GET {url.path}?{url.query} HTTP/1.1", f"Host: {url.netloc}", f"Authorization: Token {token}", "", ""]
    connection.sendall("\\r\\n".join(lines).encode())
    print("asked", flush=True)
    connection.recv(1)
"""


@contextlib.contextmanager
def kept_alive(server: LaunchedWeb) -> Iterator[http.client.HTTPConnection]:
    """Open a connection over which a request was answered, and which waits for the next one."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    connection.request("GET", "/healthz")
    with connection.getresponse() as answer:
        assert answer.status == 200
        answer.read()
    yield connection
    connection.close()


def said_wrong(server: LaunchedWeb) -> list[str]:
    """Find lines of the log that an operator would have to look into."""
    words = (
        " ERROR ",
        " CRITICAL ",
        " WARNING ",
        "Traceback",
        "destroyed",
        "not over",
        "never retrieved",
        "never awaited",
    )
    return [line for line in server.log.read_text().splitlines() if any(word in line for word in words)]


async def test_stopped_with_sockets_and_long_polls(web: LaunchedWeb, owner: User, token: str) -> None:
    """All of them end at once; a request that is at work, here behind a writer, is still answered.

    A connection without a request is closed meanwhile: a client sends its next one to the next web process.
    """
    run, waiting = await in_thread(running_run, owner), await in_thread(queued_run, owner)
    async with contextlib.AsyncExitStack() as stack:
        for path in (f"/ws/runs/{run.pk}/", f"/ws/runs/{waiting.pk}/", "/ws/runs/", "/ws/runs/?only=queue"):
            opened = await stack.enter_async_context(socket(web, path, token))
            await frame(opened)
        for _ in range(3):
            await stack.enter_async_context(polling(web, run.pk, token, after=2))
        with writing(run) as written, kept_alive(web) as idle:
            renaming = asyncio.create_task(asyncio.to_thread(renamed, web, run.pk, token))
            await asyncio.sleep(0.5)  # so that the server has the questions; nothing tells from outside
            stopping = asyncio.create_task(asyncio.to_thread(web.stop))
            await asyncio.sleep(0.5)
            assert not renaming.done()
            assert await asyncio.to_thread(idle.sock.recv, 1) == b""  # closed, and without an answer to nothing
            written.set()
            assert await renaming == "renamed"
        await stopping
        with pytest.raises(ConnectionClosed):
            await asyncio.wait_for(opened.recv(), 5)
    assert said_wrong(web) == []


async def test_stopped_while_a_client_does_not_acknowledge(web: LaunchedWeb, owner: User, token: str) -> None:
    run = await in_thread(running_run, owner)
    await in_thread(store_at_once, run, training_events(6_000))
    listener = Listener(web, run.pk, token)
    async with listener.connected("&ack=1") as opened:
        await listener.read_until(opened, 5_000)
        await asyncio.to_thread(web.stop)
    assert said_wrong(web) == []


async def test_stopped_after_the_last_client_left(web: LaunchedWeb, owner: User, token: str) -> None:
    run = await in_thread(running_run, owner)
    await Listener(web, run.pk, token).listen_until(2)
    await asyncio.to_thread(web.stop)
    assert said_wrong(web) == []


async def test_stopped_while_many_connect(web: LaunchedWeb, owner: User, token: str) -> None:
    """Sockets are opening, being authenticated and catching up."""
    run = await in_thread(running_run, owner)
    await in_thread(store_at_once, run, training_events(2_000))

    async def come_and_go() -> None:
        with contextlib.suppress(OSError, ConnectionClosed, EOFError, TimeoutError, AssertionError):
            while True:
                await Listener(web, run.pk, token).listen_until(2_002)

    clients = [asyncio.create_task(come_and_go()) for _ in range(12)]
    await asyncio.sleep(1.5)
    await asyncio.to_thread(web.stop)
    for client in clients:
        client.cancel()
    await asyncio.gather(*clients, return_exceptions=True)
    assert said_wrong(web) == []
