"""Where a worker with the embedded broker is woken: a socket that gets a datagram when a run may be started."""

from __future__ import annotations

import contextlib
import logging
import socket
from collections.abc import Iterator

from experiments import wakeup
from realtime.hubs.local_sockets import BoundSocket

logger = logging.getLogger(__name__)
MESSAGE_BYTES = 32


class WakeupSocket:
    """The socket of one worker. Where there can be none, whatever waits for it looks at the database in time."""

    def __init__(self) -> None:
        self._bound: BoundSocket | None = None
        try:
            self._bound = BoundSocket(wakeup.folder())
        except OSError as error:
            logger.info("Workers are not woken, they look for runs by themselves: %s", error)

    def wait(self, seconds: float) -> set[bytes] | None:
        """Wait for so long at most, and return what has come; None at once where nothing can come."""
        if self._bound is None:
            return None
        try:
            return set(_received(self._bound.socket, seconds))
        except TimeoutError:
            return set()
        except OSError:
            self.close()
            return None

    def close(self) -> None:
        """Close the socket."""
        if self._bound is not None:
            self._bound.close()
            self._bound = None


def _received(opened: socket.socket, seconds: float) -> Iterator[bytes]:
    """Wait for a message, and yield all that have come with it. Raises TimeoutError, OSError."""
    opened.settimeout(seconds)
    yield opened.recv(MESSAGE_BYTES)
    opened.setblocking(False)
    with contextlib.suppress(BlockingIOError):
        while True:
            yield opened.recv(MESSAGE_BYTES)
