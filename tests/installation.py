"""A real installation in a folder of its own: `manage.py` commands, a running server, its REST API."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.services.parts import own_part
from tests.waiting import eventually

ROOT = Path(__file__).resolve().parent.parent


class Installation:
    """State folder and environment; the same ones can be served again and again.

    In a session on real services it has a database of its own there.
    """

    def __init__(self, home: Path, **environment: str) -> None:
        self.home = home
        kept = {name: value for name, value in os.environ.items() if not name.startswith("LIVETRAIN_")}
        own = {"LIVETRAIN_HOME": str(home), "OMP_NUM_THREADS": "1", "LIVETRAIN_FORK_SERVER_IDLE_SECONDS": "0"}
        own["LIVETRAIN_DEFAULT_ROLE"] = "trainer"
        self.environment = kept | own | own_part(home) | environment

    def manage(self, *arguments: str) -> str:
        """Run a management command to its end; return what it printed."""
        done = subprocess.run(
            self.command(*arguments), env=self.environment, capture_output=True, text=True, timeout=120, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout.strip()

    def new_token(self, username: str) -> str:
        """Make an API token of that user, who is created if there is none."""
        return self.manage("apitoken", username)

    def python(self, script: str, *arguments: str) -> str:
        """Run a script in the environment of the installation; return what it printed."""
        command = [sys.executable, "-c", script, *arguments]
        done = subprocess.run(
            command, cwd=ROOT, env=self.environment, capture_output=True, text=True, timeout=120, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout.strip()

    def serve(self, *arguments: str) -> Server:
        """Start `manage.py serve` on a free port; use as a context manager."""
        return Server(self, arguments)

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, str(ROOT / "manage.py"), *arguments]


class Server:
    """A running `manage.py serve`; leaving the context stops it as Ctrl-C does."""

    def __init__(self, installation: Installation, arguments: tuple[str, ...]) -> None:
        self._installation, self._arguments = installation, arguments
        self._token: str | None = None
        self.address = ""

    def __enter__(self) -> Self:
        installation = self._installation
        installation.home.mkdir(parents=True, exist_ok=True)
        self.log = installation.home / "serve.log"
        start = self.log.stat().st_size if self.log.exists() else 0
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                installation.command("serve", *self._arguments),
                env=installation.environment | {"PYTHONUNBUFFERED": "1"},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        try:
            self.address = eventually(lambda: self._announced(start), within=120)
        except BaseException:
            self.process.terminate()  # nobody else would: the context is not entered
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self.process.poll() is None:
            self.stop()

    def _announced(self, start: int) -> str | None:
        assert self.process.poll() is None, self.log.read_text()
        for line in self.log.read_bytes()[start:].decode().splitlines():
            if "Livetrain runs at " in line:
                return line.split("Livetrain runs at ")[1].rstrip("/ \n")
        return None

    def stop(self) -> None:
        """Send SIGINT, then wait for the clean end."""
        self.process.send_signal(signal.SIGINT)
        assert self.process.wait(60) == 0, self.log.read_text()

    def use(self, token: str) -> None:
        """Call the API with this token."""
        self._token = token

    @property
    def token(self) -> str:
        """An API token of the user `tester`."""
        if self._token is None:
            self._token = self._installation.new_token("tester")
        return self._token

    @property
    def websocket(self) -> str:
        """Where WebSocket paths start: ws://host:port."""
        return self.address.replace("http://", "ws://")

    def get(self, path: str) -> Any:
        """GET a JSON answer."""
        return json.loads(self.download(path))

    def download(self, path: str) -> bytes:
        """GET a file's bytes."""
        return self._call(urllib.request.Request(self.address + path))

    def post(self, path: str, body: Any) -> Any:
        """POST JSON; return the JSON answer."""
        return json.loads(
            self._call(
                urllib.request.Request(
                    self.address + path, data=json.dumps(body).encode(), headers={"Content-Type": "application/json"}
                )
            )
        )

    def train(self, **body: Any) -> int:
        """Submit a training; return the run's id."""
        answer = self.post("/api/experiments/centralized/train", body)
        return int(answer["run_id"])

    def wait_for(self, run_id: int, *statuses: str, within: float = 120) -> Any:
        """Wait until the run has one of the statuses; return its detail."""
        detail: Any = eventually(lambda: self._when(run_id, statuses), within=within)
        return detail

    def _when(self, run_id: int, statuses: tuple[str, ...]) -> Any:
        detail = self.get(f"/api/runs/{run_id}/")
        if detail["status"] in statuses:
            return detail
        assert detail["status"] not in ("failed", "cancelled"), detail["reason"]
        return None

    def _call(self, request: urllib.request.Request) -> bytes:
        request.add_header("Authorization", f"Token {self.token}")
        try:
            with urllib.request.urlopen(request, timeout=60) as response:
                return bytes(response.read())
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{request.full_url}: {error.code} {error.read().decode()[:2000]}") from error
