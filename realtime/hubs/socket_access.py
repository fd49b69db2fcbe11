"""What the users of open sockets may see: read when a socket opens, and again when it may have changed.

A hint of changed rights (`broadcast.hint_access`) makes all sockets of that user doubtful: nothing more is sent on them
until who they are and what they may see was read again. Hints may be lost, so each socket is looked at now and then
without one too, see `auth.RECHECK_SECONDS`.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterator
from typing import TypeAlias
from weakref import WeakKeyDictionary

from django.contrib.auth.models import User

from access.decisions import Access, access_of

OnRenewed: TypeAlias = Callable[[Access], Awaitable[None]]
"""Is called with what the user could see before, whenever it was read again; raises `Refused` to end the socket."""


class SocketAccess:
    """The user of one socket, with what they may see as it was read last. Needs a running event loop."""

    def __init__(self, user: User) -> None:
        self.user = user
        self.doubtful = False
        """Whether it may have changed: nothing is sent until it was read again."""
        self.on_renewed: OnRenewed | None = None
        self._wanted = asyncio.Event()
        self._settled = asyncio.Event()
        self._settled.set()

    @property
    def access(self) -> Access:
        """What the user may see."""
        return access_of(self.user)  # kept there by who read it: no question to the database

    def doubt(self) -> None:
        """Send nothing more until it was read again."""
        self.doubtful = True
        self._settled.clear()
        self._wanted.set()

    def look_soon(self) -> None:
        """Let it be read again, and go on meanwhile: nothing says that it has changed."""
        self._wanted.set()

    async def wait_for_look(self, seconds: float) -> None:
        """Return when it should be read again: soon if it is doubtful, at the latest after that time."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._wanted.wait(), seconds)
        self._wanted.clear()

    async def renew(self, user: User) -> None:
        """Take over what was read; what is sent from then on, the user may see. Raises `Refused`."""
        before, self.user = self.access, user
        if self.on_renewed is not None:
            await self.on_renewed(before)
        if not self._wanted.is_set():  # else it has changed again since it was read
            self.doubtful = False
            self._settled.set()

    async def settled(self) -> None:
        """Wait until it is not doubtful."""
        await self._settled.wait()


class _Sockets:
    """The open sockets of one event loop, by user."""

    def __init__(self) -> None:
        self.of_user: dict[int, set[SocketAccess]] = {}
        self.doubts = 0


_sockets: WeakKeyDictionary[asyncio.AbstractEventLoop, _Sockets] = WeakKeyDictionary()


def _own() -> _Sockets:
    return _sockets.setdefault(asyncio.get_running_loop(), _Sockets())


def doubts() -> int:
    """Return how many hints of rights this event loop has had: what was read before the last one may be old."""
    return _own().doubts


@contextlib.contextmanager
def watching(user_id: int, one: SocketAccess, doubts_before: int) -> Iterator[None]:
    """Count a socket as open while the context lasts; `doubts_before`: how many there were before it was read."""
    sockets = _own()
    sockets.of_user.setdefault(user_id, set()).add(one)
    if sockets.doubts != doubts_before:
        one.look_soon()
    try:
        yield
    finally:
        of_user = sockets.of_user[user_id]
        of_user.discard(one)
        if not of_user:
            del sockets.of_user[user_id]


def doubt(user_id: int) -> None:
    """Make the sockets of that user doubtful: somebody announced that their rights changed."""
    sockets = _own()
    sockets.doubts += 1
    for one in sockets.of_user.get(user_id, ()):
        one.doubt()


def look_at_all() -> None:
    """Let what all users may see be read again soon: what was announced until now may have been missed."""
    sockets = _own()
    sockets.doubts += 1
    for of_user in sockets.of_user.values():
        for one in of_user:
            one.look_soon()
