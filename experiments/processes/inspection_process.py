"""Asks the process that looks at data; starts it when it is needed, and replaces one that hangs. No Django here."""

from __future__ import annotations

import socket
import subprocess
import threading
import time
from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

import msgspec
import psutil

from experiments.processes import isolated_process
from experiments.processes.isolated_process import LATE_SECONDS, TIMES_UP
from experiments.training.contract.inspections import (
    TOO_LONG,
    Ended,
    Fine,
    Inspection,
    OfContents,
    OfTraining,
    Patience,
    Refused,
    Started,
    Undecided,
)

MODULE = "experiments.training.data.inspection.inspection_server"
START_SECONDS = 30.0  # also of one that has still to be started, on a busy machine
LOOK_SECONDS = 0.05  # between two looks at one that the machine has kept from computing
SMALL_CPU_SECONDS = 0.2  # enough to look at small data
Answer: TypeAlias = Fine | Refused | Undecided
_START: msgspec.json.Decoder[Started | Undecided] = msgspec.json.Decoder(Started | Undecided)
_END: msgspec.json.Decoder[Answer | Ended] = msgspec.json.Decoder(Answer | Ended)


class _NeverStarted(Exception):
    """The process has ended before it took the question."""


class _Running(NamedTuple):
    """The process, and the socket over which it is sent connections."""

    process: subprocess.Popen[bytes]
    control: socket.socket

    def end(self) -> None:
        """Kill it with its inspections, which are of its process group; those of a dead one end with their time."""
        self.control.close()
        isolated_process.kill_group(self.process)


class InspectionProcess:
    """The process that looks at data for this one; threads may ask at the same time."""

    def __init__(self, networks: Sequence[str] = (), module: str = MODULE) -> None:
        """Name a team's own networks: `package.module:SPEC` of each."""
        self._networks, self._module = tuple(networks), module
        self._lock = threading.Lock()
        self._running: _Running | None = None

    def ask(self, of: OfTraining | OfContents, patience: Patience) -> Answer:
        """Have it look, and return what it found; takes little longer than the patience lasts."""
        for _ in range(2):  # one that was idle may end while it is asked
            try:
                running, connection = self._connected()
            except OSError as error:
                return Undecided(why=f"its process could not be started: {error}")
            with connection:
                try:
                    return _converse(_Connection(connection), of, patience)
                except _NeverStarted:
                    self._end(running)
                except TimeoutError:
                    self._end(running)
                    return Undecided(why="its process gave no sign of life, and was killed")
                except (OSError, EOFError):
                    self._end(running)
                    return Undecided(why="its process ended in the middle of it")
        return Undecided(why="its process ended at once, twice")

    def start(self) -> None:
        """Start it, unless it runs: it has then loaded everything when it is asked. Raises OSError."""
        with self._lock:
            self._start()

    def close(self) -> None:
        """End the process; it is started again when it is needed."""
        with self._lock:
            if self._running is not None:
                self._running.end()
                self._running = None

    def _start(self) -> _Running:
        if self._running is not None and self._running.process.poll() is not None:
            self._running.end()
            self._running = None
        if self._running is None:
            self._running = _Running(*isolated_process.start_server(self._module, self._networks))
        return self._running

    def _connected(self) -> tuple[_Running, socket.socket]:
        """Connect to the process, started first where need be. Raises OSError."""
        own, its = socket.socketpair()
        with its, self._lock:
            running = self._start()
            try:
                socket.send_fds(running.control, [b"+"], [its.fileno()])
            except OSError:  # it has just ended
                running.end()
                self._running = None
                running = self._start()
                socket.send_fds(running.control, [b"+"], [its.fileno()])
        return running, own

    def _end(self, running: _Running) -> None:
        """End this process, unless another thread has replaced it already."""
        with self._lock:
            if self._running is running:
                running.end()
                self._running = None


class _Connection:
    """A conversation about one inspection: lines, each with a deadline."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._received = b""

    def send(self, inspection: Inspection) -> None:
        """Send the question. Raises OSError."""
        self._connection.sendall(msgspec.json.encode(inspection) + b"\n")

    def line(self, until: float) -> bytes:
        """Return the next line. Raises TimeoutError at that monotonic time, EOFError and OSError."""
        while b"\n" not in self._received:
            self._connection.settimeout(max(0.001, until - time.monotonic()))
            part = self._connection.recv(2**16)
            if not part:
                raise EOFError
            self._received += part
        line, _, self._received = self._received.partition(b"\n")
        return line


def _converse(connection: _Connection, of: OfTraining | OfContents, patience: Patience) -> Answer:
    """Ask over a new connection. Raises TimeoutError, _NeverStarted, and OSError or EOFError once it has started."""
    try:
        connection.send(Inspection(of=of, cpu_seconds=patience.cpu_seconds, seconds=patience.busy_seconds))
        start = _START.decode(connection.line(time.monotonic() + START_SECONDS))
    except TimeoutError:
        raise
    except (OSError, EOFError) as error:
        raise _NeverStarted from error
    if isinstance(start, Undecided):
        return start
    end = _awaited(connection, start.pid, patience)
    return _described(end) if isinstance(end, Ended) else end


def _awaited(connection: _Connection, pid: int, patience: Patience) -> Answer | Ended:
    """Wait for the answer of an inspection that has just started. Raises as `_converse` does."""
    started = time.monotonic()
    until, last = started + patience.seconds, started + patience.busy_seconds + LATE_SECONDS
    while True:
        try:
            return _END.decode(connection.line(until))
        except TimeoutError:
            if time.monotonic() >= last:
                raise
            if _is_large(pid):
                return Undecided(why=TOO_LONG)
            until = min(last, time.monotonic() + LOOK_SECONDS)


def _is_large(pid: int) -> bool:
    """Return whether an inspection has computed for longer than it takes to look at small data."""
    try:
        used = psutil.Process(pid).cpu_times()
    except psutil.Error:  # it has just ended, and its answer is on its way
        return False
    return bool(used.user + used.system >= SMALL_CPU_SECONDS)


def _described(end: Ended) -> Refused | Undecided:
    """Say what the death of an inspection's process means; it had said nothing."""
    if end.code in TIMES_UP:
        return Undecided(why=TOO_LONG)
    if end.code >= 0:
        return Undecided(why=f"its process ended with exit code {end.code}")
    killed = isolated_process.killed_by(end.code)
    message = f"The process that looked at these data was {killed}; a file in them may be damaged."
    return Refused(field="source_path", message=message)
