"""One fork server for all workers of a machine that would have the same: who needs it first starts it. No Django here.

Python's fork server belongs to the process that started it, and ends with it. This one belongs to none: what it is
stands in a file, who uses it holds a lock of the system on that file, which a killed process loses, and it ends when
the last process has ended that has ever reached it, a worker or a training, or when a worker finds it idle.
"""

from __future__ import annotations

import fcntl
import os
import signal
import socket
import tempfile
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing import forkserver, resource_tracker, spawn, util
from pathlib import Path
from typing import Any

import msgspec
import psutil

from experiments.processes import inheritance

_LOOK, _USE, _REACH = 0, 1, 2
"""The bytes of the file that are locked: who starts or ends it has the first, all who use it share the second, and all
who have ever reached it the third."""
_COMMAND = "import os; os.setsid(); from multiprocessing.forkserver import main; main({listener}, {alive}, {preload!r})"
"""In a session of its own: what a terminal sends to the worker that has started it is not meant for the others."""


class Known(msgspec.Struct):
    """The fork server of the file, and what became of it."""

    pid: int
    created: float | None
    """With the process id it names one process, also after the system has given the id to another."""
    address: str
    loaded: bool = False
    """Whether it has loaded everything."""
    left: float = 0.0
    """When a process has ceased to use it, by the monotonic clock, which all processes of a machine share."""


class SharedForkServer:
    """The access of one process to it. A lock of its own keeps the threads apart: those of the file are by process."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        """Find it below the folder, or where it will be; each kind of worker has its own. Raises OSError."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        place = (socket.gethostname(), spawn.get_executable(), inheritance.circumstances())
        same = repr((*place, sorted(environment.items())))
        name = f"{zlib.crc32(same.encode(errors='surrogateescape')):08x}"
        # Open for good: closing any descriptor of it frees all locks of the process.
        self._file = os.open(folder / f"{name}.json", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._fifo = folder / f"{name}.alive"
        self._server: Any = forkserver._forkserver  # there is no public way
        self._started: int | None = None  # process id of a child of this process, whose end it must be told
        with self._locked(_USE, fcntl.LOCK_SH):
            pass  # where the system has no such locks, this says so

    def ensure_running(self) -> None:
        """Reach the fork server, and start it where it does not live: what Python's own calls before each child."""
        resource_tracker.ensure_running()
        with self._server._lock, self._locked(_LOOK, fcntl.LOCK_EX):
            self._reap()
            known = self._read()
            if known is None or not self._reaches(known):
                if known is not None:
                    _remove_socket(known)
                self._write(self._start())

    def hold(self) -> None:
        """Begin to use it: no process ends it until `release`, or until this one has ended."""
        fcntl.lockf(self._file, fcntl.LOCK_SH, 1, _USE)

    def release(self) -> None:
        """Cease to use it."""
        self._note(left=time.monotonic())
        fcntl.lockf(self._file, fcntl.LOCK_UN, 1, _USE)

    def leave(self) -> None:
        """Need it no more, and end it if no other process has reached it: it would not clear up after itself."""
        with self._locked(_LOOK, fcntl.LOCK_EX):
            fcntl.lockf(self._file, fcntl.LOCK_UN, 1, _REACH)
            with suppress(BlockingIOError), self._locked(_REACH, fcntl.LOCK_EX | fcntl.LOCK_NB):
                if (known := self._read()) is not None:
                    self._end(known)

    @property
    def is_own_child(self) -> bool:
        """Whether this process has started it."""
        return self._started is not None

    @property
    def loaded(self) -> int | None:
        """The process id of the one that has loaded everything, as a process of the machine has noted."""
        known = self._read()
        return known.pid if known is not None and known.loaded else None

    def mark_loaded(self) -> None:
        """Note that it has loaded everything, so that no other worker asks it."""
        self._note(loaded=True)

    def end_if_idle(self, seconds: float) -> bool:
        """End it if no process has used it for so long; return whether it was ended. Never waits."""
        self._reap()
        with suppress(BlockingIOError), self._locked(_LOOK, fcntl.LOCK_EX | fcntl.LOCK_NB):
            known = self._read()
            if known is None or time.monotonic() - known.left < seconds:
                return False
            with self._locked(_USE, fcntl.LOCK_EX | fcntl.LOCK_NB):
                self._end(known)
                return True
        return False

    def _end(self, known: Known) -> None:
        if _lives(known):
            with suppress(ProcessLookupError):
                os.kill(known.pid, signal.SIGKILL)
        _remove_socket(known)
        os.ftruncate(self._file, 0)
        if known.pid == self._started:
            self._reap(0)

    def _reap(self, how: int = os.WNOHANG) -> None:
        """Let the system forget the one that this process has started, if it has ended."""
        try:
            if self._started is not None and os.waitpid(self._started, how)[0]:
                self._started = None
        except ChildProcessError:  # something else in this process was told
            self._started = None

    def _reaches(self, known: Known) -> bool:
        """Connect this process to a living one, unless it is; whatever else has reached it then keeps it alive, too."""
        # Systems clear away what is old in the folder for temporary files.
        if not _lives(known) or not Path(known.address).is_socket():
            return False
        if known.address == self._server._forkserver_address:  # no two have the same, as they may have process ids
            return True
        try:
            alive = os.open(self._fifo, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError:  # it has just ended
            return False
        self._connect(known, alive)
        return True

    def _connect(self, known: Known, alive: int) -> None:
        fcntl.lockf(self._file, fcntl.LOCK_SH, 1, _REACH)
        if self._server._forkserver_alive_fd is not None:
            os.close(self._server._forkserver_alive_fd)
        self._server._forkserver_alive_fd = alive
        self._server._forkserver_address = known.address
        self._server._forkserver_pid = known.pid

    def _start(self) -> Known:
        """Start one, as Python does, and connect to it. Raises OSError."""
        address = str(Path(tempfile.mkdtemp(prefix="pymp-"), "listener-shared"))  # as `stale_sockets` knows them
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(address)
            Path(address).chmod(0o600)
            listener.listen()
            self._fifo.unlink(missing_ok=True)
            os.mkfifo(self._fifo, 0o600)
            reading = os.open(self._fifo, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
            try:
                # Before there is a child: one whose FIFO nobody has ever opened for writing would not end.
                alive = os.open(self._fifo, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
                known = self._spawn(address, listener.fileno(), reading)
            finally:
                os.close(reading)
        self._connect(known, alive)
        return known

    def _spawn(self, address: str, listener: int, alive: int) -> Known:
        command = _COMMAND.format(listener=listener, alive=alive, preload=self._server._preload_modules)
        executable = spawn.get_executable()
        flags: list[str] = util._args_from_interpreter_flags()  # type: ignore[attr-defined]  # there is no public way
        arguments = [os.fsencode(part) for part in [executable, *flags, "-c", command]]
        pid: int = util.spawnv_passfds(os.fsencode(executable), arguments, [listener, alive])
        self._started = pid
        return Known(pid, _created(psutil.Process(pid)), address, left=time.monotonic())

    def _note(self, **changed: Any) -> None:
        """Change what stands in the file of the one that this process has reached."""
        with self._server._lock, self._locked(_LOOK, fcntl.LOCK_EX):
            known = self._read()
            if known is not None and known.pid == self._server._forkserver_pid:
                self._write(msgspec.structs.replace(known, **changed))

    def _read(self) -> Known | None:
        try:
            return msgspec.json.decode(os.pread(self._file, 2**16, 0), type=Known)
        except msgspec.MsgspecError:  # nothing, or half of what a killed process would have written
            return None

    def _write(self, known: Known) -> None:
        content = msgspec.json.encode(known)
        os.pwrite(self._file, content, 0)
        os.ftruncate(self._file, len(content))

    @contextmanager
    def _locked(self, byte: int, how: int) -> Iterator[None]:
        fcntl.lockf(self._file, how, 1, byte)
        try:
            yield
        finally:
            fcntl.lockf(self._file, fcntl.LOCK_UN, 1, byte)


def _remove_socket(known: Known) -> None:
    with suppress(OSError):
        Path(known.address).unlink()
        Path(known.address).parent.rmdir()


def _lives(known: Known) -> bool:
    """Tell whether that process is there; one that has ended may wait for its parent to be told."""
    try:
        process = psutil.Process(known.pid)
        return _created(process) == known.created and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def _created(process: psutil.Process) -> float | None:
    """Return when it was created, counted from the machine's start: the clock may have been set since then."""
    found: float | None = process._ident[1]  # there is no public way
    return found
