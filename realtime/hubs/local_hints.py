"""Hints between the processes of one machine without Redis: a datagram with a number.

That of a run says "there is more", and `user 3` that the rights of a user changed. A process whose clients watch runs
binds a socket in the folder of sockets below the home; who stores something sends the number to all sockets there
(`local_sockets`). A hint that is lost the run poller finds out a moment later, and one of rights the next look at them.
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
LONGEST = 32
_RUN_ID = re.compile(rb"[0-9]{1,18}")
_USER_ID = re.compile(rb"user ([0-9]{1,18})")


def folder() -> Path:
    """Return where the sockets are."""
    return Path(settings.LIVETRAIN_HOME, "hints")


def send(run_id: int) -> None:
    """Tell all processes of this machine that listen; never blocks, never raises."""
    local_sockets.send(folder(), str(run_id).encode())


def send_access(user_id: int) -> None:
    """Tell them that the rights of a user changed; never blocks, never raises."""
    local_sockets.send(folder(), b"user %d" % user_id)


class Listener:
    """Calls `on_hint(run_id)` and `on_access(user_id)` on this event loop, until `close`.

    Once for all equal hints that wait together.
    """

    def __init__(self, on_hint: Callable[[int], object], on_access: Callable[[int], object]) -> None:
        self._on_hint = on_hint
        self._on_access = on_access
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
        waiting = {*_waiting(opened)}
        # Rights first: what a run brings is then no longer sent to those who lost it.
        for user_id in {int(found[1]) for message in waiting if (found := _USER_ID.fullmatch(message))}:
            self._on_access(user_id)
        for run_id in {int(message) for message in waiting if _RUN_ID.fullmatch(message)}:
            self._on_hint(run_id)


def _waiting(opened: socket.socket) -> Iterator[bytes]:
    with contextlib.suppress(OSError):  # nothing is left
        for _ in range(READ_AT_ONCE):
            yield opened.recv(LONGEST)
