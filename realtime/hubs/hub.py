"""One run in one process: one group member and one journal reader, however many clients watch."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from datetime import datetime

from realtime.hubs.broadcast import run_group
from realtime.hubs.db_threads import pages, tail
from realtime.hubs.followers import Followers, Push
from realtime.hubs.journal_news import News, first, following
from realtime.hubs.log_once import LogOnce
from realtime.hubs.socket_access import SocketAccess
from realtime.hubs.subscription import Subscription
from realtime.wire.frames import FRAME_BYTES, FRAME_EVENTS, Frame, Item, frame, read
from realtime.wire.ring_buffer import RingBuffer
from request_ids.current import of_no_request
from runs.pauses.rest import Rest
from runs.queries import Head

logger = logging.getLogger(__name__)


class Gone(Exception):
    """The run was deleted; its clients have all that its journal had before."""


FAR_BEHIND = 20_000
"""A client that lacks more events than this does not get old ephemeral ones …"""
KEPT_NEWEST = 5_000
"""… up to this many events before the newest."""
JOIN_SECONDS = 2.0
REST = Rest(1, longest=0.05)
"""After sending what is new to all clients, half a core at most: few clients get each event at once, very many get
several in one frame."""
RETRY_SECONDS = 1.0
FRAMES_KEPT = 16


class Hub:
    """Follows one run's journal. A client is only a cursor: it asks for the frame after the number it has, or follows.

    A slow client holds nothing here and delays nobody: what has left the ring it gets from the journal, page by
    page. Clients at the same number share one encoded frame. Needs a running event loop; ended by `close`.
    """

    def __init__(self, run_id: int) -> None:
        self.run_id = run_id
        self.watchers: set[SocketAccess] = set()
        self.project_id: int | None = None
        """The run's project at the last look; None before the first, and where there is no such run."""
        self._ring: RingBuffer | None = None
        self.gone = False
        """Deleted or removed for ever, at the last look."""
        self._news: News | None = None
        self.touched: datetime | None = None
        """When users last changed the run's name, tags or operating point, at the last look."""
        self._frames: dict[tuple[int, int], Frame] = {}
        self._followers = Followers()
        self._published = 0
        """The number up to which followers have everything, or get it just now."""
        self._sending_seconds = 0.0
        self._grown = asyncio.Event()
        self._wake = asyncio.Event()
        self._joined = asyncio.Event()
        self._failures = LogOnce(logger, f"Reading the journal of run {run_id}")
        self._subscription = Subscription(run_group(run_id), lambda _: self.wake(), self._on_join)
        self._task = asyncio.create_task(self._follow(), name=f"hub of run {run_id}", context=of_no_request())

    @property
    def head(self) -> int:
        """The newest number read; -1 before the first look."""
        return -1 if self._ring is None else self._ring.head

    def is_behind(self, head: Head) -> bool:
        """Tell whether clients do not know yet what `head` says."""
        gone = head.deleted_at is not None
        if self.project_id != head.project_id:
            return True
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

    async def follow(self, cursor: int, push: Push) -> None:
        """Let `push` have what follows number `cursor`, frame by frame, until it takes none or the run is gone.

        Only of a client that has everything: for any other it returns at once.
        """
        if self._ring is not None and self._published == cursor and not self.gone:
            await self._followers.follow(push)

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
                await asyncio.sleep(REST.after(self._sending_seconds))
            except Exception as error:
                self._failures.failed(error)
                self._wake.set()
                await asyncio.sleep(RETRY_SECONDS)

    async def _catch_up(self) -> None:
        """Read all there is: the row's `last_seq` and the events up to it are committed together."""
        self._sending_seconds = 0.0
        known = self._news
        news = await (tail(first, self.run_id) if known is None else tail(following, self.run_id, known))
        found, last = news.head, news.last
        self._note_project(found)
        ring = self._ring or RingBuffer(self.run_id, news.after)
        self._extend(ring, news, news.items)
        while ring.head < last:
            await self._publish(ring)
            self._extend(ring, news, await tail(read, self.run_id, ring.head, last))
        self.touched = found and found.touched_at
        self.gone = found is None or found.deleted_at is not None  # only now: its clients have the rest by then
        await self._publish(ring)

    def _note_project(self, found: Head | None) -> None:
        """Note where the run belongs; who does not see that gets nothing of this look, which may be of after a move."""
        if found is None or found.project_id == self.project_id:
            return
        self.project_id = found.project_id
        for watcher in self.watchers:
            if not watcher.access.sees(found.project_id):
                watcher.doubt()

    def _extend(self, ring: RingBuffer, news: News, items: list[Item]) -> None:
        """Add the items, and remember at once how far the ring goes: a look that fails is repeated from there."""
        ring.extend(items)
        self._ring = ring
        self._news = news._replace(after=ring.head, items=[])

    async def _publish(self, ring: RingBuffer) -> None:
        """Send what is new; returns when all have it who could take it at once."""
        began = time.thread_time()
        self._frames.clear()
        await self._push(ring)
        self._grown.set()
        self._grown = asyncio.Event()
        await asyncio.sleep(0)  # those who wait in a task of their own send now
        self._sending_seconds += time.thread_time() - began

    async def _push(self, ring: RingBuffer) -> None:
        """Give followers what is new; let them go where it left the ring already, or where the run is gone.

        From the first client on the frame counts as published: who lacks it then fetches it, who has it may follow.
        """
        while self._followers and ring.start <= self._published < ring.head and not self.gone:
            frame = self._shared(ring, self._published, FRAME_EVENTS)
            self._published = frame.last
            await self._followers.push(frame)
        if self._published < ring.head or self.gone:
            self._followers.release()
        self._published = ring.head
