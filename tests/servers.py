"""A real web server for tests: Daphne over the test database, on a free port of the loopback."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from django.conf import settings
from django.db import connection

START_SECONDS = 60.0
FREE_PORTS = iter(random.SystemRandom().sample(range(12_000, 32_000), 20_000))
STOP_SECONDS = 15.0
WITHOUT_INSPECTIONS = "tests.web_application:application"
"""An application that starts the process which looks at data when it is asked to look at some, not before."""
WITHOUT_MODELS = "tests.models_application:application"
"""An application whose predictions are made up by a process without torch."""


class WebServer:
    """A subprocess with `project.asgi`, reachable when the context is entered, gone when it is left.

    Its output is in `log`. `kill` and `start` may be called in between: it comes back on the same port. A test that
    needs a server with a fault names its own `application`.
    """

    def __init__(self, folder: Path, application: str = "project.asgi:application", **environment: str) -> None:
        self.port = free_port()
        self._application = application
        self.log = folder / "server.log"
        self._environment = server_environment(folder) | environment
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def websocket_url(self) -> str:
        return f"ws://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Start it and return when it accepts connections; raise with its log when it dies or takes too long."""
        command = [sys.executable, "-m", "daphne", "-b", "127.0.0.1", "-p", str(self.port), self._application]
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(
                command,
                cwd=settings.BASE_DIR,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        deadline = time.monotonic() + START_SECONDS
        while not self._accepts():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise RuntimeError(f"The server did not start:\n{self.log.read_text(errors='replace')}")
            time.sleep(0.05)

    def stop(self) -> None:
        """Stop as an operator does; kill one that does not end in time."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End as by a crash."""
        self._end(signal.SIGKILL)

    def _end(self, how: signal.Signals) -> None:
        if self._process is None:
            return
        self._process.send_signal(how)
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def _accepts(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0


def server_environment(folder: Path) -> dict[str, str]:
    """Return this process' environment, with its test database and a home of the server's own."""
    home = folder / "home"
    home.mkdir(exist_ok=True)
    return os.environ | {
        "LIVETRAIN_HOME": str(home),
        "LIVETRAIN_SECRET_KEY": settings.SECRET_KEY,  # sessions made here are valid there
        "DATABASE_URL": database_url(connection.settings_dict),
    }


def database_url(database: Mapping[str, Any]) -> str:
    """Return the `DATABASE_URL` of Django's settings of one database."""
    if database["ENGINE"].endswith("sqlite3"):
        return f"sqlite:///{database['NAME']}"
    return "postgresql://{USER}:{PASSWORD}@{HOST}:{PORT}/{NAME}".format_map(database)


def free_port() -> int:
    """Find a loopback port that nothing listens on, and that no connection is given before a server takes it."""
    for port in FREE_PORTS:
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise RuntimeError("no free port is left")
