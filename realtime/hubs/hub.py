"""One run in one process: one group member and one journal reader, however many clients watch."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from datetime import datetime
from typing import NamedTuple

from realtime.hubs.broadcast import run_group
from realtime.hubs.db_threads import pages, tail
from realtime.hubs.log_once import LogOnce
from realtime.hubs.subscription import Subscription
from realtime.wire.frames import FRAME_BYTES, FRAME_EVENTS, Frame, Item, frame, read
from realtime.wire.ring_buffer import RingBuffer
from runs.queries import Head, heads

logger = logging.getLogger(__name__)


class Gone(Exception):
    """The run was deleted; its clients have all that its journal had before."""


PRELOAD = 2_000
"""Newest events that a new hub reads at once: after a restart all clients come back with a recent number."""
FAR_BEHIND = 20_000
"""A client that lacks more events than this does not get old ephemeral ones …"""
KEPT_NEWEST = 5_000
"""… up to this many events before the newest."""
JOIN_SECONDS = 2.0
PAUSE_SECONDS_PER_CLIENT = 0.0003
"""After a look the next one waits so long for each client: few clients get each event at once …"""
LONGEST_PAUSE_SECONDS = 0.075
"""… and many get several in one frame, so that sending to all of them takes a bounded share of a core."""
RETRY_SECONDS = 1.0
FRAMES_KEPT = 16


class Hub:
    """Follows one run's journal. A client is only a cursor: it asks for the frame after the number it has.

    A slow client holds nothing here and delays nobody: what has left the ring it gets from the journal, page by
    page. Clients at the same number share one encoded frame. Needs a running event loop; ended by `close`.
    """

    def __init__(self, run_id: int) -> None:
        self.run_id = run_id
        self.watchers = 0
        self._ring: RingBuffer | None = None
        self.gone = False
        """Deleted or removed for ever, at the last look."""
        self.touched: datetime | None = None
        """When users last changed the run's name, tags or operating point, at the last look."""
        self._frames: dict[tuple[int, int], Frame] = {}
        self._grown = asyncio.Event()
        self._wake = asyncio.Event()
        self._joined = asyncio.Event()
        self._failures = LogOnce(logger, f"Reading the journal of run {run_id}")
        self._subscription = Subscription(run_group(run_id), lambda _: self.wake(), self._on_join)
        self._task = asyncio.create_task(self._follow(), name=f"hub of run {run_id}")

    @property
    def head(self) -> int:
        """The newest number read; -1 before the first look."""
        return -1 if self._ring is None else self._ring.head

    def is_behind(self, head: Head) -> bool:
        """Tell whether clients do not know yet what `head` says."""
        gone = head.deleted_at is not None
        return self.head < head.last_seq or self.gone != gone or self.touched != head.touched_at

    def wake(self) -> None:
        """Look at the journal soon: there may be more in it."""
        self._wake.set()

    def restored(self) -> None:
        """Note that the deletion was undone since the last look."""
        self.gone = False
        self.wake()

    def close(self) -> None:
        """End the hub's tasks."""
        self._subscription.close()
        self._task.cancel()

    async def frame_after(self, cursor: int, limit: int = FRAME_EVENTS) -> Frame:
        """Wait for what follows number `cursor`, and return at most `limit` items of it. Raises Gone."""
        while self._ring is None or self._ring.head <= cursor:
            if self.gone:
                raise Gone
            await self._grown.wait()
        ring = self._ring
        if ring.head - cursor > FAR_BEHIND:
            return await self._page(cursor, ring.head - KEPT_NEWEST, limit, durable_only=True)
        if cursor < ring.start:
            # No more than a frame will hold: what is read beyond it would have to be read again.
            return await self._page(cursor, ring.start, min(limit, FRAME_BYTES // ring.typical_characters + 1))
        return self._shared(ring, cursor, limit)

    def _shared(self, ring: RingBuffer, cursor: int, limit: int) -> Frame:
        key = (cursor, limit)
        if key not in self._frames:
            if len(self._frames) >= FRAMES_KEPT:
                self._frames.clear()
            self._frames[key] = frame(ring.after(cursor, limit))
        return self._frames[key]

    async def _page(self, cursor: int, until: int, limit: int, *, durable_only: bool = False) -> Frame:
        while True:
            try:
                return frame(await pages(read, self.run_id, cursor, until, limit=limit, durable_only=durable_only))
            except Exception as error:
                self._failures.failed(error)
                await asyncio.sleep(RETRY_SECONDS)

    def _on_join(self) -> None:
        self._joined.set()
        self._wake.set()

    async def _follow(self) -> None:
        """Join first, then read: what is stored in between is seen by the read, what comes later makes a hint."""
        with contextlib.suppress(TimeoutError):  # a layer that fails must not keep clients from the journal
            await asyncio.wait_for(self._joined.wait(), JOIN_SECONDS)
        self._wake.set()
        while True:
            await self._wake.wait()
            self._wake.clear()
            try:
                await self._catch_up()
                self._failures.recovered()
                await asyncio.sleep(min(self.watchers * PAUSE_SECONDS_PER_CLIENT, LONGEST_PAUSE_SECONDS))
            except Exception as error:
                self._failures.failed(error)
                self._wake.set()
                await asyncio.sleep(RETRY_SECONDS)

    async def _catch_up(self) -> None:
        """Read all there is: the row's `last_seq` and the events up to it are committed together."""
        news = await tail(_news, self.run_id, None if self._ring is None else self._ring.head)
        found, last = news.head, news.last
        ring = self._ring or RingBuffer(self.run_id, news.after)
        ring.extend(news.items)
        while ring.head < last:
            self._publish(ring)
            ring.extend(await tail(read, self.run_id, ring.head, last))
        self.touched = found and found.touched_at
        self.gone = found is None or found.deleted_at is not None  # only now: its clients have the rest by then
        self._publish(ring)

    def _publish(self, ring: RingBuffer) -> None:
        self._ring = ring
        self._frames.clear()
        self._grown.set()
        self._grown = asyncio.Event()


class _News(NamedTuple):
    """The first items after number `after`, of a journal that goes up to `last`; no head: the run is gone."""

    head: Head | None
    last: int
    after: int
    items: list[Item]


def _news(run_id: int, known: int | None) -> _News:
    """Read in one turn of the thread what most looks find; a hub that knows nothing begins with the newest events."""
    found = next(iter(heads([run_id])), None)
    last = 0 if found is None else found.last_seq
    after = max(0, last - PRELOAD) if known is None else known
    return _News(found, last, after, read(run_id, after, last) if last > after else [])
