"""Hints between the processes of one machine without Redis: a datagram with a run's number, "there is more".

A process whose clients watch runs binds a UNIX socket in the folder of sockets below the home; who stores something
sends the number to all sockets there. It never waits, and whatever fails (a full queue, a socket whose process was
killed, no such sockets on this system) loses the hint: the run poller finds out a moment later.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import re
import socket
import zlib
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

from django.conf import settings

logger = logging.getLogger(__name__)
PATH_BYTES = 100
"""What every system takes as the address of a socket (Linux: 107); below a longer path there are no such hints."""
READ_AT_ONCE = 256
_RUN_ID = re.compile(rb"[0-9]{1,18}")
_numbers = count()


def folder() -> Path:
    """Return where the sockets are."""
    return Path(settings.LIVETRAIN_HOME, "hints")


def send(run_id: int) -> None:
    """Tell all processes of this machine that listen; never blocks, never raises."""
    with contextlib.suppress(OSError):
        addresses = [entry.path for entry in os.scandir(folder())]
        if addresses:
            with _datagrams() as opened:
                _send_to_all(opened, addresses, str(run_id).encode())


def _send_to_all(opened: socket.socket, addresses: list[str], message: bytes) -> None:
    for address in addresses:
        with contextlib.suppress(OSError):  # of another machine, of a process that was killed, or with too much to do
            opened.sendto(message, address)


def _datagrams() -> socket.socket:
    opened = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    opened.setblocking(False)
    return opened


class Listener:
    """Calls `on_hint(run_id)` on this event loop, once for all equal hints that wait together, until `close`."""

    def __init__(self, on_hint: Callable[[int], object]) -> None:
        self._on_hint = on_hint
        self._loop = asyncio.get_running_loop()
        self._path = folder() / f"{_machine()}-{os.getpid()}-{next(_numbers)}"
        self._socket: socket.socket | None = None
        try:
            self._listen()
        except OSError as error:
            logger.warning("There are no hints between processes, the database is polled: %s", error)
            self.close()

    @property
    def listening(self) -> bool:
        """Whether hints arrive."""
        return self._socket is not None

    def _listen(self) -> None:
        if len(os.fsencode(self._path)) > PATH_BYTES:
            raise OSError(f"{self._path} is too long for a socket.")
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        remove_stale()
        self._socket = opened = _datagrams()
        self._path.unlink(missing_ok=True)  # of a killed process that had this one's number
        opened.bind(str(self._path))
        self._loop.add_reader(opened.fileno(), self._read, opened)

    def close(self) -> None:
        """Stop listening."""
        if self._socket is not None:
            self._loop.remove_reader(self._socket.fileno())
            self._socket.close()
            self._socket = None
            with contextlib.suppress(OSError):
                self._path.unlink()

    def _read(self, opened: socket.socket) -> None:
        for run_id in {int(message) for message in _waiting(opened) if _RUN_ID.fullmatch(message)}:
            self._on_hint(run_id)


def _waiting(opened: socket.socket) -> Iterator[bytes]:
    with contextlib.suppress(OSError):  # nothing is left
        for _ in range(READ_AT_ONCE):
            yield opened.recv(32)


def remove_stale() -> None:
    """Remove the sockets of this machine's processes that were killed; the home may be shared with other machines."""
    own = f"{_machine()}-"
    with _datagrams() as opened:
        for path in folder().iterdir():
            try:
                opened.connect(str(path))
            except ConnectionRefusedError:
                if path.name.startswith(own):
                    path.unlink(missing_ok=True)
            except OSError:
                continue


def _machine() -> str:
    return f"{zlib.crc32(socket.gethostname().encode()):08x}"
