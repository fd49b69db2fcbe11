"""`kill -9` of the launcher, at any moment: nothing of it lives on, and the next one gets the port."""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from experiments.server.launcher import PortTaken, listen
from tests.installation import Installation
from tests.prepared_home import prepared
from tests.servers import free_port
from tests.waiting import eventually

SECONDS_TO_END = 60.0  # a fork server that is loading PyTorch notices when it has done that


class Launched:
    """`manage.py serve` on a port of its own, and everything that came of it."""

    def __init__(self, installation: Installation, *, workers: int = 1) -> None:
        self.installation, self.home, self.port = installation, installation.home, free_port()
        self._log = (self.home / "serve.log").open("ab")
        command = installation.command("serve", "--port", str(self.port), "--workers", str(workers))
        self._launcher = subprocess.Popen(
            command, env=installation.environment, stdout=self._log, stderr=self._log, start_new_session=True
        )

    def processes(self) -> list[psutil.Process]:
        """Return all living processes that have its environment, the launcher among them."""
        return [process for process in psutil.process_iter() if self._is_ours(process)]

    def child(self, name: str) -> psutil.Process | None:
        """Return its newest process of the command `name`."""
        found = [process for process in self.processes() if _words(process)[2:3] == [name]]
        return max(found, key=lambda process: process.create_time(), default=None)

    def plan(self) -> dict[str, Any]:
        """Return what the launcher was told."""
        found: dict[str, Any] = json.loads(psutil.Process(self._launcher.pid).cmdline()[-1])
        return found

    def kill(self) -> None:
        """Kill the launcher without a warning."""
        self._launcher.kill()
        self._launcher.wait()

    def clear(self) -> None:
        """Kill what is left, however the test ended."""
        self._launcher.kill()
        self._launcher.wait()
        for process in self.processes():
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        self._log.close()

    def _is_ours(self, process: psutil.Process) -> bool:
        with contextlib.suppress(psutil.Error):
            alive = process.status() != psutil.STATUS_ZOMBIE
            return bool(alive and process.environ().get("LIVETRAIN_HOME") == str(self.home))
        return False


@pytest.fixture
def launched(tmp_path: Path) -> Iterator[Launched]:
    """Start a launcher in a home where one has been before."""
    found = Launched(prepared(tmp_path, TMPDIR=str(tmp_path)))
    yield found
    found.clear()


@pytest.fixture
def launched_first(tmp_path: Path) -> Iterator[Launched]:
    """Start the first launcher of a home, which migrates the database, and whose worker lists the metrics."""
    found = Launched(Installation(tmp_path, TMPDIR=str(tmp_path)))
    yield found
    found.clear()


def leaves_nothing(launched: Launched) -> None:
    eventually(lambda: not launched.processes(), within=SECONDS_TO_END, every=0.2)
    # A process that ends has no environment any more a moment before its sockets are closed.
    eventually(lambda: _is_free(launched.port), within=5)


def _is_free(port: int) -> bool:
    with contextlib.suppress(PortTaken):
        listen("127.0.0.1", port).close()
        return True
    return False


@pytest.mark.parametrize("seconds", [0.3, 1.0, 4.0])
def test_killed_after_so_many_seconds(launched_first: Launched, seconds: float) -> None:
    time.sleep(seconds)  # the moment is what is tested
    launched_first.kill()
    leaves_nothing(launched_first)


@pytest.mark.parametrize("name", ["web", "worker"])
def test_killed_as_soon_as_a_child_exists(launched: Launched, name: str) -> None:
    """It has imported nothing yet."""
    eventually(lambda: launched.child(name), every=0.005)
    launched.kill()
    leaves_nothing(launched)


def test_killed_while_its_children_are_started_again(launched: Launched) -> None:
    eventually(lambda: _answers(launched.port), within=60)
    first = [eventually(_child(launched, name)) for name in ("web", "worker")]
    if sys.platform == "linux":
        assert launched.plan()["started"] == [process.pid for process in first], "both were forked"
    for process in first:
        process.kill()
    eventually(_another(launched, "worker", first[1]), every=0.005)
    launched.kill()
    leaves_nothing(launched)


def test_killed_while_it_trains(launched: Launched) -> None:
    """The fork server and the training end too."""
    eventually(lambda: _answers(launched.port), within=60)
    _submit(launched)
    log = launched.home / "runs" / "1" / "train.log"
    eventually(lambda: log.exists() and "attempt 1" in log.read_text(), within=90)
    assert sum("forkserver" in " ".join(_words(process)) for process in launched.processes()) > 1
    launched.kill()
    leaves_nothing(launched)


def _words(process: psutil.Process) -> list[str]:
    """Return the words of its command; none if it has ended since it was found."""
    with contextlib.suppress(psutil.NoSuchProcess):
        words: list[str] = process.cmdline()
        return words
    return []


def _submit(launched: Launched) -> None:
    """Request a training that takes long."""
    body = {"experiment_name": "long", "source_path": "builtin:digits-is-8", "trainer": {"max_epochs": 500}}
    request = urllib.request.Request(
        f"http://127.0.0.1:{launched.port}/api/experiments/centralized/train",
        data=json.dumps(body | {"callbacks": {"early_stopping": False}}).encode(),
        headers={
            "Content-Type": "application/json",
            "Authorization": f"Token {launched.installation.manage('apitoken', 'tester')}",
        },
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        assert answer.status == 202


def _child(launched: Launched, name: str) -> Callable[[], psutil.Process | None]:
    return lambda: launched.child(name)


def _another(launched: Launched, name: str, first: psutil.Process) -> Callable[[], bool]:
    def found() -> bool:
        newest = launched.child(name)
        return newest is not None and newest.pid != first.pid

    return found


def _answers(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
        connection.sendall(b"GET /healthz HTTP/1.0\r\nHost: localhost\r\n\r\n")
        connection.settimeout(5)
        return bool(connection.recv(1))
    return False
