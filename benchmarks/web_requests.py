"""CPU time that a web process needs for one request, and what its memory is then, as a client asks over HTTP.

    python -m benchmarks.web_requests [--runs 1000] [--rounds 5] [--calls 100] [--before FOLDER]

Starts `manage.py web` on a home of its own that `list_runs` has filled, asks each address over one connection that
stays open, and reads the CPU time of all threads of the process from the system. With `--before`, a second process
serves a copy of the home with the code of that folder; the two are asked in turns, and the ratio is printed too.
"""

from __future__ import annotations

import argparse
import http.client
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parent.parent
PAGE = "/api/runs/?columns=&sparkline=1"
COLUMNS = "config.optimizer.learning_rate,metric.val_auroc.last,metric.val_auroc.best,metric.final_mcc"
CALLS = {
    "alive": "/healthz",
    "ready": "/readyz",
    "who is logged in, list of one": "/api/runs/?page_size=1",
    "one run": "/api/runs/1/",
    "events after the newest": "/api/runs/1/events/?after=0",
    "queue": "/api/queue/",
    "50 newest runs": "/api/runs/",
    "50 newest runs with curves": PAGE,
    "50 newest runs with last and best metrics": f"/api/runs/?columns={COLUMNS}",
    "page of all runs": "/",
    "sent to the login": "/compare/",
}
FILL = """
import django, sys
django.setup()
from django.contrib.auth.models import User
from accounts.issuing import issue
from django.contrib.sessions.backends.db import SessionStore
from benchmarks.list_runs import fill
user = User.objects.create_user("reader")
fill(int(sys.argv[1]), 0)
session = SessionStore()
session.update({"_auth_user_id": str(user.pk), "_auth_user_backend": "django.contrib.auth.backends.ModelBackend",
            "_auth_user_hash": user.get_session_auth_hash()})
session.create()
print(issue(user, "benchmark")[1], session.session_key)
"""


class Web:
    """A web process, and one connection to it."""

    def __init__(self, process: psutil.Process, port: int, session: str) -> None:
        self.process = process
        self.port = port
        self._headers = {"Cookie": f"sessionid={session}", "Accept": "application/json"}
        self._connection = http.client.HTTPConnection("127.0.0.1", port)

    def get(self, path: str) -> bytes:
        """GET the address with a session; without one where it is the login that answers."""
        try:
            return self._asked(path)
        except (http.client.HTTPException, ConnectionError):
            self._connection = http.client.HTTPConnection("127.0.0.1", self.port)
            return self._asked(path)

    def _asked(self, path: str) -> bytes:
        headers = {} if path in ("/compare/", "/healthz") else self._headers
        self._connection.request("GET", path, headers=headers)
        answer = self._connection.getresponse()
        body = answer.read()
        assert answer.status in (200, 302), (path, answer.status, body[:300])
        return body

    def seconds(self, path: str, calls: int) -> float:
        """Return the CPU seconds of one call."""
        start = self._used()
        for _ in range(calls):
            self.get(path)
        return (self._used() - start) / calls

    def memory(self) -> float:
        """Return the memory of its own, in MiB."""
        return float(self.process.memory_full_info().uss) / 2**20

    def _used(self) -> float:
        used = self.process.cpu_times()
        return float(used.user + used.system)


def main() -> None:
    parser = argparse.ArgumentParser(description="CPU time of one request.")
    for name, default in (("runs", 1_000), ("rounds", 5), ("calls", 100)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--before", type=Path, help="Another checkout of the project, to compare with")
    parser.add_argument("--only", default="", help="Calls whose name has this")
    asked = parser.parse_args()
    folders = [ROOT, *([asked.before] if asked.before else [])]
    with tempfile.TemporaryDirectory(prefix="livetrain-requests-") as folder, ExitStack() as servers:
        first = Path(folder) / "home0"
        session = filled(first, folders[-1], asked.runs)
        webs = []
        if len(folders) > 1:
            shutil.copytree(first, Path(folder) / "home1")
        for number, code in enumerate(folders):
            webs.append(servers.enter_context(served(Path(folder) / f"home{number}", code, session)))
        _measure(webs, {name: path for name, path in CALLS.items() if asked.only in name}, asked.rounds, asked.calls)


def filled(home: Path, code: Path, runs: int) -> str:
    _manage(home, code, "migrate", "--verbosity", "0")
    command = [sys.executable, "-c", FILL, str(runs)]
    done = subprocess.run(command, cwd=code, env=_environment(home), stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout.split()[-1]


def _manage(home: Path, code: Path, *arguments: str) -> None:
    subprocess.run([sys.executable, "manage.py", *arguments], cwd=code, env=_environment(home), check=True)


def _environment(home: Path) -> dict[str, str]:
    settings = {
        "LIVETRAIN_HOME": str(home),
        "DJANGO_SETTINGS_MODULE": "project.settings",
        "LIVETRAIN_DEFAULT_ROLE": "trainer",
    }
    return dict(os.environ) | settings | {"LIVETRAIN_LOG_LEVEL": "ERROR"}


@contextmanager
def served(home: Path, code: Path, session: str, **environment: str) -> Iterator[Web]:
    _manage(home, code, "migrate", "--verbosity", "0")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.set_inheritable(True)
        descriptor, port = listener.fileno(), listener.getsockname()[1]
        command = [sys.executable, "manage.py", "web", "--fd", str(descriptor)]
        process = subprocess.Popen(command, cwd=code, env=_environment(home) | environment, pass_fds=[descriptor])
        try:
            web = Web(psutil.Process(process.pid), port, session)
            web.get("/readyz")
            time.sleep(3)  # what it prepares beside the first request
            yield web
        finally:
            process.terminate()
            process.wait(30)


def _measure(webs: list[Web], calls: dict[str, str], rounds: int, number: int) -> None:
    idle = [web.memory() for web in webs]
    took: dict[str, list[list[float]]] = {name: [[] for _ in webs] for name in calls}
    for turn in range(rounds + 1):
        for name, path in calls.items():
            for place, web in enumerate(webs):
                found = web.seconds(path, number if turn else 5)
                if turn:  # the first one loads what is loaded once
                    took[name][place].append(found * 1e3)
    sys.stdout.write(f"CPU of one request, ms, median of {rounds} rounds of {number} calls: now, before, ratio\n")
    for name, of_webs in took.items():
        medians = [statistics.median(found) for found in of_webs]
        ratio = f"{medians[0] / medians[-1]:9.2f}" if len(webs) > 1 else ""
        sys.stdout.write(f"{name:45}{''.join(f'{median:9.2f}' for median in medians)}{ratio}\n")
    for web, start in zip(webs, idle, strict=True):
        sys.stdout.write(f"memory of its own: idle {start:.0f} MiB, afterwards {web.memory():.0f} MiB\n")


if __name__ == "__main__":
    main()
