"""Look at data for the requests of a server process, which never opens any itself. A process of its own.

It forks for each: that takes milliseconds, a file that crashes its parser or fills the memory ends only the fork, and
the kernel ends one that takes too long. Before the first look into files it loads all that reads them, which takes
half a second; at once where it was started before anybody asked, as for somebody who fills in the form. Connections
arrive over the socket that is its standard input, one for each inspection; a fork is killed when its own is closed. It
ends when the other side has closed that socket, or has not needed it for a while. No threads, so that forking is safe.
"""

from __future__ import annotations

import gc
import os
import selectors
import signal
import socket
import sys
import traceback
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import NoReturn

import msgspec
from pydantic import ValidationError

from experiments.training.contract.config import TrainingConfig
from experiments.training.contract.inspections import (
    Ended,
    Fine,
    Inspection,
    Message,
    OfTraining,
    Refused,
    Started,
    Undecided,
)
from experiments.training.contract.networks import network_catalogue
from experiments.training.contract.reading import Unanswered
from experiments.training.contract.source_errors import SourceError
from experiments.training.data import sources
from experiments.training.data.files import catalogue
from experiments.training.data.inspection import isolation

IDLE_SECONDS = 600.0
AHEAD_SECONDS = 0.2  # who has started it in order to ask has asked by then
QUESTION_SECONDS = 5.0
MEMORY_BYTES = 2**30  # of one inspection; what needs more is left to the training's own process
NEEDED = (
    "PIL.Image",
    "pydicom.pixels",
    "experiments.training.data.tables.feature_columns",
    "experiments.training.data.tables.formats.csv_files",
    "experiments.training.data.tables.formats.parquet",
)
"""Loaded before a fork needs them, where they are installed: it would load them itself, and the next one again."""
BROKEN = "The data cannot be read: a file in them may be damaged. The server's log says what went wrong."


class InspectionServer:
    """Forks a process for each connection that arrives over `control`, and says how it ended."""

    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._asking: dict[int, socket.socket] = {}  # process id -> connection
        self._asked = self._has_readers = False
        self._wake, self._own = socket.socketpair()
        for end in (self._wake, self._own):
            end.setblocking(False)
        signal.signal(signal.SIGCHLD, _do_nothing)  # without a handler, no byte would arrive
        signal.set_wakeup_fd(self._own.fileno())
        self._selector = selectors.DefaultSelector()
        for end in (self._control, self._wake):
            self._selector.register(end, selectors.EVENT_READ)

    def serve(self) -> None:
        """Answer until the other side is gone or has been idle."""
        while True:
            ready = {key.fileobj for key, _ in self._selector.select(self._patience)}
            if not ready and not (self._asked or self._has_readers):
                self._load_readers()
                continue
            idle = not ready and not self._asking
            if idle or (self._control in ready and not self._accept()):
                return
            for pid in [pid for pid, asker in self._asking.items() if asker in ready]:
                os.kill(pid, signal.SIGKILL)  # nobody waits for it any more
                self._selector.unregister(self._asking[pid])
            with suppress(BlockingIOError):
                self._wake.recv(4096)
            self._reap()

    @property
    def _patience(self) -> float:
        return IDLE_SECONDS if self._asked or self._has_readers else AHEAD_SECONDS

    def _load_readers(self) -> None:
        if self._has_readers:
            return
        self._has_readers = True
        for name in NEEDED:
            with suppress(ImportError):
                import_module(name)
        gc.collect()
        gc.freeze()  # what all forks share is then never written to by their collections

    def _accept(self) -> bool:
        """Fork for the connection that has arrived; False: the other side is gone."""
        try:
            _, descriptors, _, _ = socket.recv_fds(self._control, 1, 1)
        except OSError:
            return False
        if not descriptors:
            return False
        asker = socket.socket(fileno=descriptors[0])
        try:
            asked = _question(asker)
            self._asked = True
            if _needs_readers(asked):
                self._load_readers()
            pid = os.fork()
        except (OSError, msgspec.DecodeError) as error:
            _send(asker, Undecided(why=f"no process could be started: {error}"))
            asker.close()
            return True
        if not pid:
            self._become(asker, asked)
        self._asking[pid] = asker
        self._selector.register(asker, selectors.EVENT_READ)
        return True

    def _become(self, asker: socket.socket, asked: Inspection) -> NoReturn:
        """Be the process of one inspection: end with it, and keep nothing of the server's open."""
        code = 1
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            self._selector.close()
            for end in (self._control, self._wake, self._own, *self._asking.values()):
                end.close()
            _inspect(asker, asked)
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(code)

    def _reap(self) -> None:
        """Tell those who asked how the processes that have ended did so."""
        while self._asking:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if not pid:
                return
            asker = self._asking.pop(pid)
            with suppress(KeyError):  # of one that was killed
                self._selector.unregister(asker)
            _send(asker, Ended(code=os.waitstatus_to_exitcode(status)))
            asker.close()


def _question(asker: socket.socket) -> Inspection:
    """Read what is asked, which comes at once. Raises OSError and DecodeError."""
    asker.settimeout(QUESTION_SECONDS)
    with asker.makefile("rb") as lines:
        asked = msgspec.json.decode(lines.readline(), type=Inspection)
    asker.settimeout(None)
    return asked


def _needs_readers(asked: Inspection) -> bool:
    """Return whether it looks into files: what is built in is known without."""
    of = asked.of
    return not (isinstance(of, OfTraining) and str(of.config.get("source_path")).startswith(catalogue.PREFIX))


def _inspect(asker: socket.socket, asked: Inspection) -> None:
    """Answer over the connection, within the limits."""
    gc.disable()  # this process is gone before there is much to collect
    isolation.bound(memory=MEMORY_BYTES, niceness=0)  # somebody waits for it
    isolation.end_after(cpu_seconds=asked.cpu_seconds, seconds=asked.seconds)
    _send(asker, Started(pid=os.getpid()))
    _send(asker, _answer(asked))


def _answer(asked: Inspection) -> Fine | Refused | Undecided:
    """Look at the data; what is wrong with them is the answer, never an error."""
    try:
        if isinstance(asked.of, OfTraining):
            _inspect_training(asked.of)
        else:
            with sources.open_files(asked.of.path, _paths(asked.of.roots)):
                pass
    except SourceError as error:
        questions = list(error.questions) if isinstance(error, Unanswered) else []
        return Refused(field=error.field, message=error.message, questions=questions, possible=error.possible)
    except ValidationError as error:  # the configuration was valid where it was made
        return Undecided(why=f"its options are unknown here: {error}")
    except MemoryError:
        return Undecided(why="it needs too much memory")
    except Exception:
        traceback.print_exc()
        return Refused(field="source_path", message=BROKEN)
    return Fine()


def _inspect_training(of: OfTraining) -> None:
    sources.inspect(
        TrainingConfig.model_validate(of.config),
        _paths(of.roots),
        cache_bytes=of.cache_bytes,
        answered=of.answered,
        stamp=of.stamp,
        pictures_checked=of.pictures_checked,
    )


def _paths(roots: list[str]) -> list[Path]:
    return [Path(root) for root in roots]


def _send(asker: socket.socket, message: Message) -> None:
    """Send one line; somebody who no longer listens is no error."""
    with suppress(OSError):
        asker.sendall(msgspec.json.encode(message) + b"\n")


def _do_nothing(_number: int, _frame: object) -> None:
    """Let the signal wake the server and no more."""


def main() -> None:
    """Run the server over the standard input; its arguments are a team's own networks, `package.module:SPEC`."""
    os.dup2(2, 1)  # what libraries print is for the server's log
    network_catalogue.install(sys.argv[1:])
    gc.freeze()
    InspectionServer(socket.socket(fileno=os.dup(0))).serve()


if __name__ == "__main__":
    main()
