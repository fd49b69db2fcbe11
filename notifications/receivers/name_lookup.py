"""Ask what a name resolves to, with a deadline: the system's own look-up has none that its caller could set.

A name server that does not answer keeps a thread for half a minute and more; who waits for it is a request.
"""

from __future__ import annotations

import socket
import threading
from queue import Empty, SimpleQueue
from typing import TypeAlias

SECONDS = 5.0
AT_ONCE = 8
"""Look-ups of a process that may be under way, those included for which nobody waits any more."""

Found: TypeAlias = list[tuple[socket.AddressFamily, tuple[str, int]]]
_rooms = threading.BoundedSemaphore(AT_ONCE)


class LookupFailed(Exception):
    """The reason why a name has no addresses now, as a sentence with the cure."""


def addresses_of(host: str, port: int, *, seconds: float = SECONDS) -> Found:
    """Return the addresses of a host for TCP, as the system's resolver orders them. Raises LookupFailed."""
    if not _rooms.acquire(blocking=False):
        raise LookupFailed("Names are not being resolved at the moment: try again in a minute.")
    answers: SimpleQueue[Found | OSError | UnicodeError] = SimpleQueue()
    try:
        threading.Thread(target=_look_up, args=(host, port, answers), name="name-lookup", daemon=True).start()
    except RuntimeError as error:  # no thread can be started
        _rooms.release()
        raise LookupFailed(f"The name {host} cannot be resolved now: {error}.") from error
    try:
        answer = answers.get(timeout=seconds)
    except Empty as error:
        raise LookupFailed(f"The name {host} was not resolved within {seconds:g} seconds: try again later.") from error
    if isinstance(answer, list):
        return answer
    raise LookupFailed(f"The name {host} cannot be resolved; look at its spelling.") from answer


def _look_up(host: str, port: int, answers: SimpleQueue[Found | OSError | UnicodeError]) -> None:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
        answers.put([(family, (str(address[0]), int(address[1]))) for family, _, _, _, address in found])
    except (OSError, UnicodeError) as error:
        answers.put(error)
    finally:
        _rooms.release()
