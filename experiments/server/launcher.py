"""Launches the embedded server: keeps a web process and N worker processes alive, and stops them cleanly."""

from __future__ import annotations

import errno
import logging
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType

from django.conf import settings

from experiments.processes import gpus
from experiments.server.launcher_watch import LauncherPipe
from runs import schema
from runs.failures.backoff import Backoff

logger = logging.getLogger(__name__)

DEFAULT_PORT = 8000
PORTS_TRIED = 100
READY_TIMEOUT_SECONDS = 60.0
STEADY_SECONDS = 30.0  # a child that lived so long is restarted at once
FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 30.0
WEB_STOP_SECONDS = 5.0


class PortTaken(Exception):
    """The address asked for is in use, or is not this machine's."""


def listen(host: str, port: int | None) -> socket.socket:
    """Open a listening socket: on `port` exactly, or on 8000 or the next free one. Raises PortTaken.

    The launcher owns it, so that connections wait, and the port stays ours, while the web process restarts.
    """
    candidates = [port] if port is not None else range(DEFAULT_PORT, DEFAULT_PORT + PORTS_TRIED)
    for candidate in candidates:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listener = socket.socket(family, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, candidate))
            listener.listen(1024)
        except OSError as error:
            listener.close()
            if error.errno == errno.EADDRINUSE and port is None:
                continue
            raise PortTaken(f"Cannot listen on {host}:{candidate}: {error.strerror}. Choose another --port.") from error
        listener.set_inheritable(True)
        return listener
    raise PortTaken(f"No free port from {DEFAULT_PORT} to {DEFAULT_PORT + PORTS_TRIED - 1}; choose one with --port.")


class Child:
    """A process that is started again when it ends, after a pause that doubles while it keeps ending early."""

    def __init__(self, name: str, command: Sequence[str], pass_fds: Sequence[int] = ()) -> None:
        self._name, self._command, self._pass_fds = name, list(command), tuple(pass_fds)
        self._backoff = Backoff(FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS)
        self._started = self._next_start = 0.0
        self._process: subprocess.Popen[bytes] | None = None

    def keep_alive(self) -> None:
        """Notice that the process has ended, and start it when its pause is over; called periodically."""
        now = time.monotonic()
        if self._process is not None and (code := self._process.poll()) is not None:
            if now - self._started > STEADY_SECONDS:
                self._backoff.reset()
            pause = self._backoff.failed()
            logger.error("%s ended (exit code %s); starting it again in %.1f s", self._name, code, pause)
            self._process, self._next_start = None, now + pause
        if self._process is None and now >= self._next_start:
            self._start(now)

    def _start(self, now: float) -> None:
        """Start the process, or try again later where the system cannot at the moment; other children go on."""
        try:
            # A session of its own: Ctrl-C in the terminal reaches the launcher alone, which then drains in order.
            self._process = subprocess.Popen(self._command, pass_fds=self._pass_fds, start_new_session=True)  # noqa: S603
            self._started = now
        except OSError:
            pause = self._backoff.failed()
            logger.exception("%s could not be started; trying again in %.1f s", self._name, pause)
            self._next_start = now + pause

    def stop(self, patience: float) -> None:
        """Send SIGTERM, and SIGKILL after `patience` seconds."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(patience)
        except subprocess.TimeoutExpired:
            logger.error("%s did not end within %.0f s; killed", self._name, patience)
            self._process.kill()
            self._process.wait()


class Server:
    """Migrates, starts everything, and waits for SIGTERM or SIGINT."""

    def __init__(self, listener: socket.socket, *, workers: int, slots: int) -> None:
        manage = [sys.executable, str(Path(settings.BASE_DIR) / "manage.py")]
        descriptor = listener.fileno()
        self._listener = listener
        self._pipe = pipe = LauncherPipe()
        web = [*manage, "web", "--fd", str(descriptor), pipe.option(WEB_STOP_SECONDS)]
        self._web = Child("web", web, [descriptor, pipe.reading_end])
        worker = [*manage, "worker", "--slots", str(slots), pipe.option(_worker_stop_seconds()), "--gpus"]
        shares = divided(gpus.found(), workers)
        self._workers = [
            Child(f"worker {number}", [*worker, share], [pipe.reading_end])
            for number, share in enumerate(shares, start=1)
        ]
        self._stopping = threading.Event()

    @property
    def address(self) -> str:
        """Where a browser on this machine finds it."""
        host, port = self._listener.getsockname()[:2]
        host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104
        return f"http://{host}:{port}"

    def run(self, on_ready: Callable[[str], None]) -> None:
        """Run until a clean stop; `on_ready` is called once with the address, in a thread of its own."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        schema.bring_up_to_date()
        threading.Thread(target=self._when_ready, args=(on_ready,), name="ready", daemon=True).start()
        children = [self._web, *self._workers]
        while not self._stopping.is_set():
            for child in children:
                child.keep_alive()
            self._stopping.wait(0.2)
        self._shut_down()

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self._stopping.set()

    def _shut_down(self) -> None:
        """Stop the workers first, so that browsers still see their runs return to the queue."""
        logger.info("stopping: running trainings return to the queue and continue at the next start")
        drains = [threading.Thread(target=w.stop, args=(_worker_stop_seconds(),)) for w in self._workers]
        for drain in drains:
            drain.start()
        for drain in drains:
            drain.join()
        self._web.stop(WEB_STOP_SECONDS)
        logger.info("stopped")

    def _when_ready(self, on_ready: Callable[[str], None]) -> None:
        deadline = time.monotonic() + READY_TIMEOUT_SECONDS
        while not self._stopping.is_set() and time.monotonic() < deadline:
            if _answers(f"{self.address}/healthz"):  # what is not sent to https, which the proxy does
                on_ready(self.address)
                return
            self._stopping.wait(0.2)
        if not self._stopping.is_set():
            logger.error("the web process does not answer at %s", self.address)


def _worker_stop_seconds() -> float:
    """Return how long a worker may take to return its trainings to the queue."""
    return settings.GRACE_SECONDS + 20


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=5):  # noqa: S310  (our own http address)
            return True
    except urllib.error.HTTPError:
        return True  # an answer, if only to say that the host name or scheme is not the public one
    except OSError:
        return False


def divided(ids: list[str], workers: int) -> list[str]:
    """Divide the GPUs among the workers, as `worker --gpus` takes them; if there are too few, all share them."""
    if len(ids) < workers:
        return ["none"] * workers
    return [",".join(ids[number::workers]) for number in range(workers)]
