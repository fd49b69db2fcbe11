"""Launches the embedded server: keeps a web process and N worker processes alive, and stops them cleanly.

It only watches, for months, so it loads nothing of the server: `manage.py serve` prepares everything and then becomes
this program (`become`), under the same process id.
"""

from __future__ import annotations

import errno
import json
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from types import FrameType
from typing import NamedTuple, NoReturn

from experiments.server import launcher_watch
from experiments.server.adopted import Adopted
from experiments.server.launcher_watch import LauncherPipe
from runs.failures.backoff import Backoff
from runs.json_logging import JsonLines

logger = logging.getLogger(__name__)

DEFAULT_PORT = 8000
PORTS_TRIED = 100
READY_TIMEOUT_SECONDS = 60.0
STEADY_SECONDS = 30.0  # a child that lived so long is restarted at once
FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 30.0
WEB_STOP_SECONDS = 5.0
STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)
_PROGRAM = (
    "import sys; sys.path.insert(0, sys.argv[1]); from experiments.server import launcher; launcher.main(sys.argv[-1])"
)


class Plan(NamedTuple):
    """All that the launcher is told: what it starts, and how it says what happens."""

    listener: int
    """The descriptor of the listening socket, which is inheritable."""
    manage: list[str]
    """The command line up to and including `manage.py`."""
    shares: list[str]
    """Of each worker the GPUs, as `worker --gpus` takes them."""
    slots: int
    worker_stop_seconds: float
    """How long a worker may take to return its trainings to the queue."""
    demo: bool
    log_text: str
    """The format of a line of the log; blank: JSON."""
    log_level: str
    pipe: Sequence[int] = ()
    """The ends of the pipe that shows children whether the launcher lives; without any, it makes its own."""
    started: Sequence[int] = ()
    """The process ids of children that were forked already, in the order of `children_of`."""


class ChildPlan(NamedTuple):
    """A child that the launcher keeps alive."""

    name: str
    command: str
    """Of `manage.py`."""
    arguments: list[str]
    descriptors: list[int]
    """What it inherits."""
    patience: float
    """Seconds that it may take to stop."""


def children_of(plan: Plan) -> list[ChildPlan]:
    """Return what the launcher of this plan, which has its pipe, keeps alive: the web process first."""
    reading_end = plan.pipe[0]

    def child(name: str, descriptors: list[int], patience: float, *arguments: str) -> ChildPlan:
        watched = launcher_watch.option(reading_end, patience)
        command = name.partition(" ")[0]
        return ChildPlan(name, command, [*arguments, watched], [*descriptors, reading_end], patience)

    patience = plan.worker_stop_seconds
    return [
        child("web", [plan.listener], WEB_STOP_SECONDS, "--fd", str(plan.listener)),
        *(
            child(f"worker {number}", [], patience, "--slots", str(plan.slots), "--gpus", share)
            for number, share in enumerate(plan.shares, start=1)
        ),
    ]


def become(plan: Plan, root: str) -> NoReturn:
    """Replace this process by the launcher; the modules are found below `root`.

    Children that were forked stay its children. Signals to stop that come from `hold_signals` on, until the launcher
    listens to them, are kept for it.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    for descriptor in plan.pipe:
        os.set_inheritable(descriptor, True)
    # Without site-packages and the current folder: it takes nothing from there.
    program = [sys.executable, "-P", "-S", "-c", _PROGRAM, root, plan.manage[-1], "serve", json.dumps(plan._asdict())]
    os.execv(sys.executable, program)  # noqa: S606  (our own program)


def hold_signals() -> None:
    """Keep signals to stop until the launcher runs: it must not end between two steps of the preparation."""
    signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)


def main(plan: str) -> None:
    """Run the launcher of this plan until it is stopped."""
    told = Plan(**json.loads(plan))
    console = logging.StreamHandler()
    console.setFormatter(logging.Formatter(told.log_text) if told.log_text else JsonLines())
    logging.basicConfig(handlers=[console], level=told.log_level)
    Server(told).run()


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

    def __init__(
        self, name: str, command: Sequence[str], pass_fds: Sequence[int] = (), running: Adopted | None = None
    ) -> None:
        """Keep that command alive; `running` is its process if it has been started already."""
        self._name, self._command, self._pass_fds = name, list(command), tuple(pass_fds)
        self._backoff = Backoff(FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS)
        self._started = time.monotonic() if running else 0.0
        self._next_start = 0.0
        self._process: subprocess.Popen[bytes] | Adopted | None = running

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
    """Starts everything, and waits for SIGTERM or SIGINT."""

    def __init__(self, plan: Plan) -> None:
        self._pipe = LauncherPipe(*plan.pipe)
        self._plan = plan = plan._replace(pipe=self._pipe.ends)
        self._listener = socket.socket(fileno=plan.listener)
        running = [*map(Adopted, plan.started), *[None] * (1 + len(plan.shares))]
        self._web, *self._workers = (
            Child(child.name, [*plan.manage, child.command, *child.arguments], child.descriptors, process)
            for child, process in zip(children_of(plan), running, strict=False)
        )
        self._stopping = threading.Event()

    @property
    def address(self) -> str:
        """Where a browser on this machine finds it."""
        host, port = self._listener.getsockname()[:2]
        host = _reachable(host)
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    def run(self) -> None:
        """Run until a clean stop; once the server answers, say so in a thread of its own."""
        for number in STOP_SIGNALS:
            signal.signal(number, self._stop)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, STOP_SIGNALS)
        threading.Thread(target=self._when_ready, name="ready", daemon=True).start()
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
        drains = [threading.Thread(target=w.stop, args=(self._plan.worker_stop_seconds,)) for w in self._workers]
        for drain in drains:
            drain.start()
        for drain in drains:
            drain.join()
        self._web.stop(WEB_STOP_SECONDS)
        logger.info("stopped")

    def _when_ready(self) -> None:
        deadline = time.monotonic() + READY_TIMEOUT_SECONDS
        while not self._stopping.is_set() and time.monotonic() < deadline:
            if _answers(self._listener.getsockname()):
                self._welcome()
                return
            self._stopping.wait(0.2)
        if not self._stopping.is_set():
            logger.error("the web process does not answer at %s", self.address)

    def _welcome(self) -> None:
        if self._plan.demo:
            subprocess.run([*self._plan.manage, "serve", "--welcome", self.address], check=False)  # noqa: S603
        else:
            sys.stdout.write(f"Livetrain runs at {self.address}/\n")
            sys.stdout.flush()


def _reachable(host: str) -> str:
    """Return where this machine finds what listens there: on all addresses, at its own."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104


def _answers(bound: tuple[str, int]) -> bool:
    """Ask as briefly as can be: an HTTP client would be half of what the launcher loads."""
    host, port = bound[:2]
    try:
        with socket.create_connection((_reachable(host), port), timeout=5) as opened:
            opened.sendall(b"GET /healthz HTTP/1.0\r\nHost: localhost\r\n\r\n")  # not sent to https by any setting
            return opened.recv(5) == b"HTTP/"  # if only to say that the host name is not the public one
    except OSError:
        return False


def divided(ids: list[str], workers: int) -> list[str]:
    """Divide the GPUs among the workers, as `worker --gpus` takes them; if there are too few, all share them."""
    if len(ids) < workers:
        return ["none"] * workers
    return [",".join(ids[number::workers]) for number in range(workers)]
