"""What each client of the list of runs has not been sent yet, and the frames that are made of it."""

from __future__ import annotations

import asyncio
from collections import deque
from functools import lru_cache
from typing import NamedTuple, TypeAlias

from realtime.hubs.socket_access import SocketAccess
from realtime.wire.frames import FRAME_BYTES, Frame, encoded_size
from runs.queries import Head

STATUSES_WAITING = 1_000
FRAMES_KEPT = 16

Projects: TypeAlias = frozenset[int] | None
"""Those that a client sees; None: all of them. Clients with equal ones are sent the same."""


class Change(NamedTuple):
    """A run as it is now: status events since the last look, and its summary, encoded.

    None for a summary: nobody who listens sees the run.
    """

    head: Head
    statuses: list[str]
    summary: str | None


class ClientQueue:
    """What one client has not been sent yet; bounded. Newer summaries replace older ones, old statuses are dropped.

    Summaries carry the status too, so that a client that was too slow for a status event still ends up right.
    """

    def __init__(self, access: SocketAccess, *, only_queue: bool = False) -> None:
        self.access, self.only_queue = access, only_queue
        self.projects: Projects = access.access.project_ids
        self._begin()
        self._changed = asyncio.Event()

    def _begin(self) -> None:
        self._queue_sent = self._queue = ""
        self._notice = ""
        self._statuses: deque[str] = deque(maxlen=STATUSES_WAITING)
        self._summaries: dict[int, str] = {}

    def begin_again(self, projects: Projects, notice: str) -> None:
        """Forget what was not sent, and begin with a notice: the user may see other projects from now on."""
        self.projects = projects
        self._begin()
        self._notice = notice
        self._changed.set()

    def sees(self, project_id: int | None) -> bool:
        """Tell whether what belongs to the project may be sent."""
        return self.projects is None or project_id in self.projects

    def put(self, change: Change) -> None:
        """Add a change of a run."""
        if change.summary is not None:
            self._statuses.extend(change.statuses)
            self._summaries[change.head.id] = change.summary
            self._changed.set()

    def put_queue(self, message: str) -> None:
        """Set the message about the queue, unless it is the one that was sent last."""
        if message != self._queue_sent:
            self._queue_sent = self._queue = message
            self._changed.set()

    async def frame(self) -> Frame:
        """Wait for something to send, and make a frame of it: status events, then summaries, then the queue.

        What does not fit comes in the next frame. It holds what the user may see as the caller goes on.
        """
        await self._changed.wait()
        while self.access.doubtful:
            await self.access.settled()
            await self._changed.wait()
        parts: list[str] = [self._notice] if self._notice else []
        self._notice, size = "", 0
        while (self._statuses or self._summaries) and size < FRAME_BYTES:
            parts.append(self._statuses.popleft() if self._statuses else self._oldest_summary())
            size += encoded_size(parts[-1])
        if not self._statuses and not self._summaries:
            self._changed.clear()
        if self._queue:
            parts.append(self._queue)
            self._queue = ""
        return _frame(tuple(parts))

    def _oldest_summary(self) -> str:
        return self._summaries.pop(next(iter(self._summaries)))


@lru_cache(FRAMES_KEPT)
def _frame(parts: tuple[str, ...]) -> Frame:
    """Make a frame; clients that are sent the same share one, which is encoded once too (`wire.daphne_protocol`)."""
    return Frame(f"[{','.join(parts)}]", 0, len(parts))
