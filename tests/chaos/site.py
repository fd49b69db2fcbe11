"""What the storm rages against: two web servers and two workers over one home, kept running as systemd would."""

from __future__ import annotations

import contextlib
import random
import signal
import subprocess
import threading
import time
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psutil

from tests.chaos.disk import SmallDisk
from tests.chaos.stores import Store
from tests.installation import Installation, Server
from tests.prepared_home import ON_DEMAND, fill
from tests.proxy import Proxy
from tests.servers import free_port
from tests.training_processes import is_fork_server_or_copy, trains
from tests.waiting import eventually

LEASE_SECONDS = 3.0
RESTART_SECONDS = 0.5
STEADY_SECONDS = 20.0  # what ends before may have found nothing to start on
OUR_SIGNALS = (0, -signal.SIGTERM, -signal.SIGKILL)
ENVIRONMENT = {
    "LIVETRAIN_LEASE_SECONDS": str(LEASE_SECONDS),
    "LIVETRAIN_GRACE_SECONDS": "3",
    "LIVETRAIN_ATTEMPT_LIMIT": "1000",
}


class Unit:
    """A command that is started again whenever it ends."""

    def __init__(self, site: Site, name: str, arguments: Sequence[str]) -> None:
        self.name, self._site, self._arguments = name, site, list(arguments)
        self._log = site.logs / f"{name}.log"
        self._process: subprocess.Popen[bytes] | None = None
        self._started = self._ended = 0.0

    def keep(self) -> None:
        """Restart the process if it has ended; called periodically."""
        now = time.monotonic()
        if self._process is not None and (code := self._process.poll()) is not None:
            if code not in OUR_SIGNALS and now - self._started > STEADY_SECONDS:
                self._site.surprises.append(f"{self.name} ended with exit code {code}")
            self._process, self._ended = None, now
        if self._process is None and now - self._ended > RESTART_SECONDS:
            self.start()

    def start(self) -> None:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [*self._site.prefix, *self._site.installation.command(*self._arguments)],
                env=self._site.installation.environment | {"PYTHONUNBUFFERED": "1"},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._started = time.monotonic()

    def stop(self) -> int | None:
        """Stop the process as systemd does; return the exit code."""
        if self._process is None:
            return None
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(60)

    def said(self) -> str:
        return self._log.read_text(errors="replace") if self._log.exists() else ""


class Site:
    """Embedded without `stores`; with them, both workers are units of their own, as on machines of their own."""

    def __init__(
        self, folder: Path, chance: random.Random, *, stores: dict[str, Store], disk: SmallDisk | None, **settings: str
    ) -> None:
        self.stores, self.disk, self.surprises = stores, disk, list[str]()
        self.logs, self.temporary = folder / "logs", folder / "tmp"
        for made in (self.logs, self.temporary):
            made.mkdir()
        home = disk.folder if disk else folder / "home"
        self.home = disk.seen if disk else home
        self.prefix = disk.prefix if disk else []
        own = {"TMPDIR": str(self.temporary)}
        self.installation = Installation(home, **ON_DEMAND, **ENVIRONMENT, **own, **settings)
        self.ports = [free_port(), free_port()]
        self.proxies = [Proxy(port, chance) for port in self.ports]
        self._units = [Unit(self, f"web{n}", arguments) for n, arguments in enumerate(self._web_arguments(), start=1)]
        if stores:
            self._units += [Unit(self, f"worker{number}", ["worker"]) for number in (1, 2)]
        self._keeping = threading.Event()
        self._over = threading.Event()
        self._keeper = threading.Thread(target=self._keep, name="keeper", daemon=True)
        self._token = ""

    def _web_arguments(self) -> list[list[str]]:
        first = ["--no-worker"] if self.stores else ["--workers", "2"]
        return [
            ["serve", "--port", str(port), *kind]
            for port, kind in zip(self.ports, (first, ["--no-worker"]), strict=True)
        ]

    def __enter__(self) -> Site:
        self.home.mkdir(exist_ok=True)
        fill(self.installation, self.home)
        self._keeping.set()
        self._keeper.start()
        for port in self.ports:
            eventually(lambda port=port: _answers(port), within=90, every=0.2)  # type: ignore[misc]
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._keeper.join()
        for proxy in self.proxies:
            proxy.close()
        for process in self.processes():
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()

    def stop(self) -> None:
        """Stop as an operator does; every unit must end well."""
        self._keeping.clear()
        codes = {unit.name: unit.stop() for unit in reversed(self._units)}
        assert set(codes.values()) <= {0, None}, codes

    def reboot(self) -> None:
        """Kill everything at once, databases included, and start it again."""
        self._keeping.clear()
        for store in self.stores.values():
            store.kill()
        while there := self.processes():
            for process in there:
                with contextlib.suppress(psutil.NoSuchProcess):
                    process.kill()
            time.sleep(0.05)
        for store in self.stores.values():
            store.start()
        self._keeping.set()

    def processes(self, kind: str = "") -> list[psutil.Process]:
        """Return processes of this installation: all, or a `kind`: launcher, web, worker, forkserver or training."""
        found = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error, OSError):
                if process.status() == psutil.STATUS_ZOMBIE:
                    continue
                if process.environ().get("LIVETRAIN_HOME") == str(self.installation.home) and (
                    not kind or _kind(process) == kind
                ):
                    found.append(process)
        return found

    @property
    def token(self) -> str:
        """An API token; made by a command that is part of the installation too."""
        if not self._token:
            command = [*self.prefix, *self.installation.command("apitoken", "tester")]
            done = subprocess.run(
                command, env=self.installation.environment, capture_output=True, text=True, timeout=120, check=True
            )
            self._token = done.stdout.strip()
        return self._token

    def server(self, number: int) -> Server:
        """Return a client of the REST API of one of the two web servers."""
        server = Server(self.installation, ())
        server.address = f"http://127.0.0.1:{self.ports[number]}"
        server.use(self.token)
        return server

    def ask(self, path: str) -> Any:
        """GET from any server that answers."""
        return self._first(lambda server: server.get(path))

    def download(self, path: str) -> bytes:
        return bytes(self._first(lambda server: server.download(path)))

    def post(self, path: str, body: Any) -> Any:
        return self._first(lambda server: server.post(path, body))

    def _first(self, call: Any) -> Any:
        """Ask again servers that are down or have no database just now."""
        last = "nobody was asked"

        def answer() -> Any:
            nonlocal last
            for number in (0, 1):
                try:
                    return (call(self.server(number)),)
                except (OSError, AssertionError) as error:  # AssertionError: an answer that says no
                    last = str(error)
                    if ": 4" in last:
                        raise
            return None

        try:
            return eventually(answer, within=60, every=0.5)[0]
        except AssertionError as error:
            raise AssertionError(f"{error}; last: {last}") from error

    def said(self) -> dict[str, str]:
        return {unit.name: unit.said() for unit in self._units}

    def _keep(self) -> None:
        while not self._over.wait(0.1):
            if self._keeping.is_set():
                for unit in self._units:
                    unit.keep()


def _kind(process: psutil.Process) -> str:
    command = process.cmdline()
    if is_fork_server_or_copy(process):
        return "training" if trains(process) else "forkserver"
    named = {"serve": "launcher", "web": "web", "worker": "worker"}
    return named.get(command[2], "") if len(command) > 2 and command[1].endswith("manage.py") else ""


def _answers(port: int) -> bool:
    with contextlib.suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5) as answer:
        return bool(answer.status == 200)
    return False
