"""Hints between the processes of one machine without Redis: a datagram with a run's number, "there is more".

A process whose clients watch runs binds a socket in the folder of sockets below the home; who stores something sends
the number to all sockets there (`local_sockets`). A hint that is lost the run poller finds out a moment later.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

from django.conf import settings

from realtime.hubs import local_sockets
from realtime.hubs.local_sockets import BoundSocket

logger = logging.getLogger(__name__)
READ_AT_ONCE = 256
_RUN_ID = re.compile(rb"[0-9]{1,18}")


def folder() -> Path:
    """Return where the sockets are."""
    return Path(settings.LIVETRAIN_HOME, "hints")


def send(run_id: int) -> None:
    """Tell all processes of this machine that listen; never blocks, never raises."""
    local_sockets.send(folder(), str(run_id).encode())


class Listener:
    """Calls `on_hint(run_id)` on this event loop, once for all equal hints that wait together, until `close`."""

    def __init__(self, on_hint: Callable[[int], object]) -> None:
        self._on_hint = on_hint
        self._loop = asyncio.get_running_loop()
        self._bound: BoundSocket | None = None
        try:
            self._bound = BoundSocket(folder())
            self._loop.add_reader(self._bound.socket.fileno(), self._read, self._bound.socket)
        except OSError as error:
            logger.warning("There are no hints between processes, the database is polled: %s", error)

    @property
    def listening(self) -> bool:
        """Whether hints arrive."""
        return self._bound is not None

    def close(self) -> None:
        """Stop listening."""
        if self._bound is not None:
            self._loop.remove_reader(self._bound.socket.fileno())
            self._bound.close()
            self._bound = None

    def _read(self, opened: socket.socket) -> None:
        for run_id in {int(message) for message in _waiting(opened) if _RUN_ID.fullmatch(message)}:
            self._on_hint(run_id)


def _waiting(opened: socket.socket) -> Iterator[bytes]:
    with contextlib.suppress(OSError):  # nothing is left
        for _ in range(READ_AT_ONCE):
            yield opened.recv(32)
