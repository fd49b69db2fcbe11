"""Has a fork server that imports this survive a worker that is killed between reaching it and saying what to start.

Python's fork server ends then, which is no harm where it belongs to that worker alone. One that many workers share
would end the trainings of all; and while it waits for a worker that does not go on, it starts nothing for the others.
"""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Callable
from functools import partial
from multiprocessing import reduction
from multiprocessing.reduction import recvfds
from typing import Any

SECONDS = 10.0
"""How long a worker may take between the two, which it does in one go."""


def _receive_in_time(sock: socket.socket, size: int) -> list[int]:
    """Receive what a client sends; what becomes of a lost one is the error that Python's loop passes over."""
    sock.settimeout(SECONDS)
    try:
        found: list[int] = recvfds(sock, size)
    except (EOFError, OSError) as error:
        raise ConnectionAbortedError(errno.ECONNABORTED, str(error)) from error
    sock.settimeout(None)
    return found


def _set_receiver(function: Callable[[socket.socket, int], list[int]]) -> None:
    module: Any = reduction
    module.recvfds = function


_set_receiver(_receive_in_time)
# Trainings wait for what their data loaders send as long as ever.
os.register_at_fork(after_in_child=partial(_set_receiver, recvfds))
