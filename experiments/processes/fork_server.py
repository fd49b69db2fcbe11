"""The fork server of this process, with torch and Lightning loaded: there while it is needed, and some time after.

It takes hundreds of MiB, so workers that wait for a run have none: it starts with the first training or report, of
which the lease is renewed meanwhile by a thread of its own. The workers of a machine share one (`shared_fork_server`);
another command has its own. No Django here.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from multiprocessing import forkserver, resource_tracker
from pathlib import Path
from typing import Any

from experiments.processes.shared_fork_server import SharedForkServer
from experiments.training.contract import environment
from experiments.training.recipes import process_entry

logger = logging.getLogger(__name__)
CONTEXT = multiprocessing.get_context("forkserver")
_START = "experiments.training.recipes.fork_server_start"
_READERS = "experiments.training.recipes.fork_server_readers"
_END = "experiments.training.recipes.fork_server_end"
CONTEXT.set_forkserver_preload([_START, process_entry.RECIPE, _READERS, process_entry.__name__, _END])
WAIT_SECONDS = 1.0
_NONE = -1  # no process has this number
_NEEDED = ("torch", "pytorch_lightning")
_MISSING = f"The training process cannot load {process_entry.RECIPE}; is everything installed?"


class ForkServer:
    """Counts who uses the fork server of this process, starts it for the first and ends it when it is idle."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._users = 0
        self._started = False
        self._loaded: int | None = _NONE
        self._left = time.monotonic()
        self._shared: SharedForkServer | None = None
        self._loading: threading.Thread | None = None

    def share(self, folder: Path) -> None:
        """Use from now on the one that all workers of this machine share which know of it by that folder."""
        try:
            self._shared = SharedForkServer(folder, environment.cleaned(os.environ))
        except OSError as error:
            logger.warning("Workers do not share a fork server, each has its own: %s", error)
            return
        server: Any = forkserver  # there is no public way
        server._forkserver.ensure_running = server.ensure_running = self._shared.ensure_running

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """Keep the fork server for the block; it is started, if it must be, but may still be loading."""
        self.enter()
        try:
            yield
        finally:
            self.leave()

    def enter(self) -> None:
        """Begin to use the fork server."""
        with self._lock:
            if not self._users:
                self._hold()
            self._users += 1

    def _hold(self) -> None:
        if self._shared is not None:
            self._shared.hold()
        elif _folder_is_gone():
            _forget()
            self._started, self._loaded = False, _NONE
        try:
            if self._shared is not None or not self._started:  # another worker may have ended the one that is shared
                _start()
        except BaseException:
            if self._shared is not None:
                self._shared.release()
            raise
        self._started = True

    def leave(self) -> None:
        """Cease to use it: all children that were started for this have ended."""
        with self._lock:
            self._users -= 1
            self._left = time.monotonic()
            if self._shared is not None and not self._users:
                self._shared.release()

    def load(self, meanwhile: Callable[[], object], every: float | None = None) -> None:
        """Wait until the fork server, which is in use, has loaded everything; call `meanwhile` every second or so.

        A child that is started before that waits for it too, but then nothing else can be done. What `meanwhile` raises
        ends the waiting, not the loading.
        """
        if self._is_loaded():
            return
        loading = self._loading_thread()
        while loading.is_alive():
            loading.join(WAIT_SECONDS if every is None else every)
            meanwhile()

    def load_ahead(self) -> None:
        """Have it loaded for a training that will come, which then waits for the rest. Raises OSError.

        Of several workers that are told so, one waits until it is loaded.
        """
        with self.in_use():
            if (self._shared is None or self._shared.is_own_child) and not self._is_loaded():
                self._loading_thread()

    def _loading_thread(self) -> threading.Thread:
        """Return the thread that waits until it is loaded; one that does already, else a new one."""
        with self._lock:
            if self._loading is None or not self._loading.is_alive():
                self._loading = threading.Thread(target=self._probe, name="fork-server-loading", daemon=True)
                self._loading.start()
            return self._loading

    def warm_up(self) -> None:
        """Start it and wait until it has loaded everything. Raises RuntimeError if it cannot."""
        with self.in_use():
            if not _loads():
                raise RuntimeError(_MISSING)
            self._note_loaded()

    def _is_loaded(self) -> bool:
        """Tell whether the fork server that is there now has loaded everything; one that was killed is replaced."""
        with self._lock:
            if self._shared is not None or self._loaded != _NONE:
                _start()
            known = self._loaded if self._shared is None else self._shared.loaded
            return known == _pid()

    def _probe(self) -> None:
        with suppress(EOFError, OSError), self.in_use():  # who starts a child of it next sees that it died
            if _loads():
                self._note_loaded()

    def _note_loaded(self) -> None:
        self._loaded = _pid()
        if self._shared is not None:
            self._shared.mark_loaded()

    def end_if_idle(self, seconds: float) -> bool:
        """End the fork server if nobody has used it for so long; return whether it was ended.

        Never waits: where somebody is starting it just now, it is not idle.
        """
        if not self._lock.acquire(blocking=False):
            return False
        try:
            idle = self._started and not self._users and time.monotonic() - self._left >= seconds
            if idle:
                self._end()
            if self._shared is not None:  # also one that others have used
                return not self._users and self._shared.end_if_idle(seconds)
            return idle
        finally:
            self._lock.release()

    def close(self) -> None:
        """End the one that is shared if no other process needs it, at the end of this process."""
        if self._shared is not None:
            self._shared.leave()

    def _end(self) -> None:
        """End what this process alone has of it."""
        if self._shared is None:
            _end()
        else:
            _end_tracker()
        self._started, self._loaded = False, _NONE


own = ForkServer()


def check_installed() -> None:
    """Raise RuntimeError where what the fork server loads is not installed; loads nothing."""
    if not all(find_spec(name) for name in _NEEDED):
        raise RuntimeError(_MISSING)


def warm_up() -> None:
    """Start the fork server and wait until it has loaded everything (seconds). Raises RuntimeError if it cannot."""
    own.warm_up()


def _loads() -> bool:
    """Start a child that does nothing, and return whether it found what the fork server should have loaded."""
    probe = CONTEXT.Process(target=process_entry.warm, name="warm-up")
    probe.start()
    probe.join()
    return probe.exitcode == 0


def settle_environment() -> None:
    """Change the environment variables of this process once, before it has threads, to those of a fork server.

    Starting one then changes nothing, so no thread that reads a variable meanwhile misses it, and one that is started
    again after it was killed inherits no secrets.
    """
    for name in environment.withheld(os.environ):
        del os.environ[name]
    _let_children_find_us()


def _let_children_find_us() -> None:
    # The fork server resolves modules by itself: it does not inherit this process's sys.path.
    root = str(Path(__file__).resolve().parents[2])
    paths = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    if root not in paths:
        os.environ["PYTHONPATH"] = os.pathsep.join([root, *filter(None, paths)])


def _start() -> None:
    _let_children_find_us()
    with _clean_environment():
        forkserver.ensure_running()


def _pid() -> int | None:
    server: Any = forkserver._forkserver  # there is no public way
    found: int | None = server._forkserver_pid
    return found


def _end() -> None:
    """Kill the fork server, which has no children and nothing to keep, with what came with it, and forget it."""
    server: Any = forkserver._forkserver  # there is no public way
    with suppress(ProcessLookupError):
        if (pid := _pid()) is not None:
            os.kill(pid, signal.SIGKILL)
    with suppress(FileNotFoundError):  # of its socket
        server._stop()
    _end_tracker()


def _end_tracker() -> None:
    """End the process that clears up after children which share memory, started with the fork server: none is left."""
    tracker: Any = resource_tracker._resource_tracker  # there is no public way
    with suppress(ProcessLookupError):
        if tracker._pid is not None:
            os.kill(tracker._pid, signal.SIGKILL)  # it ignores all others, and would wait for all that have its pipe
    with suppress(ChildProcessError):
        tracker._stop()


def _folder_is_gone() -> bool:
    """Tell whether something has cleared the folder of its socket away, as systems do with what is old in /tmp."""
    folder = _configuration().get("tempdir")
    return folder is not None and not Path(folder).is_dir()


def _forget() -> None:
    """End the fork server that nobody can reach any more, if it is there, and have the next one make a new folder."""
    _end()
    _configuration()["tempdir"] = None


def _configuration() -> dict[str, Any]:
    found: dict[str, Any] = multiprocessing.current_process()._config  # type: ignore[attr-defined]  # no public way
    return found


@contextmanager
def _clean_environment() -> Iterator[None]:
    """Remove the secrets from the environment for the block, so that the fork server starts without them.

    In a process that has settled its environment there are none. In another, a fork server that is started again after
    it was killed inherits them and removes them itself, which leaves them readable in /proc.
    """
    withheld = {name: os.environ.pop(name) for name in environment.withheld(os.environ)}
    try:
        yield
    finally:
        for name, value in withheld.items():
            os.environ[name] = value
