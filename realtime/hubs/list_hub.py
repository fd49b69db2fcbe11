"""The list of runs in one process: what changed, read and encoded once for all clients."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
from django.contrib.auth.models import User
from django.db.models import BooleanField, ExpressionWrapper, F, Max, Q
from django.utils import timezone

from realtime.hubs.broadcast import RUN_LIST
from realtime.hubs.db_threads import tail
from realtime.hubs.log_once import LogOnce
from realtime.hubs.subscription import Subscription
from realtime.wire.frames import FRAME_BYTES, Frame, encoded_size
from request_ids.current import of_no_request
from runs.events import RunStatus, utc_now
from runs.models import Run, RunEvent
from runs.pauses.rest import Rest, with_cost
from runs.queries import Head, heads, of_types, readable_runs, visible_runs, with_summary
from runs.scheduling.queue_report import described
from runs.serializers import event_envelope, run_summaries

logger = logging.getLogger(__name__)
TICK_SECONDS = 0.25
"""At most four summaries per second and run."""
RETRY_SECONDS = 1.0
SNAPSHOT_RUNS = 50
"""A new client gets so many unfinished runs: those that train first, then those that users changed last."""
QUEUE_SECONDS = 5.0
"""Without a change of a run the queue is looked at so often: it may be paused, and estimates drift …"""
QUEUE_REST = Rest(200, least=QUEUE_SECONDS, longest=30.0)
"""… but less often where that costs much: half a percent of a core."""
STATUSES_PER_CHANGE = 20
STATUSES_WAITING = 1_000
TOUCHED_KEPT = 20_000


class Change(NamedTuple):
    """A run as it is now: status events since the last look, and its summary, encoded."""

    head: Head
    statuses: list[str]
    summary: str


class ClientQueue:
    """What one client has not been sent yet; bounded. Newer summaries replace older ones, old statuses are dropped.

    Summaries carry the status too, so that a client that was too slow for a status event still ends up right.
    """

    def __init__(self, user: User, *, only_queue: bool = False) -> None:
        self.user, self.only_queue = user, only_queue
        self._queue_sent = self._queue = ""
        self.seen: dict[int, bool] = {}  # run -> whether the user may see it
        self._statuses: deque[str] = deque(maxlen=STATUSES_WAITING)
        self._summaries: dict[int, str] = {}
        self._changed = asyncio.Event()

    def put(self, change: Change) -> None:
        """Add a change of a run."""
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

        What does not fit comes in the next frame.
        """
        await self._changed.wait()
        parts: list[str] = []
        size = 0
        while (self._statuses or self._summaries) and size < FRAME_BYTES:
            parts.append(self._statuses.popleft() if self._statuses else self._oldest_summary())
            size += encoded_size(parts[-1])
        if not self._statuses and not self._summaries:
            self._changed.clear()
        if self._queue:
            parts.append(self._queue)
            self._queue = ""
        return Frame(f"[{','.join(parts)}]", 0, len(parts))

    def _oldest_summary(self) -> str:
        return self._summaries.pop(next(iter(self._summaries)))


class ListHub:
    """Follows all runs that are unfinished or new. Needs a running event loop; ended by `close`.

    It knows of all unfinished runs from its first look on, so that only what changes is read and sent.

    The run poller, which asks `is_behind`, finds what happens before the group is joined, and what lost hints said.
    """

    def __init__(self) -> None:
        self._clients: set[ClientQueue] = set()
        self._new_clients: list[ClientQueue] = []
        self._open: dict[int, Head] = {}  # unfinished runs, as they were sent or stood at the first look
        self._newest: int | None = None
        self._touched: dict[int, datetime] = {}  # tagged, deleted or restored since, as it was sent
        self._since = timezone.now()
        self._dirty: set[int] = set()
        self._wake = asyncio.Event()
        self._queue, self._queue_due = "", 0.0
        self._failures = LogOnce(logger, "Reading the list of runs")
        self._subscription = Subscription(RUN_LIST, self.wake, self._wake.set)
        self._task = asyncio.create_task(self._follow(), name="hub of the run list", context=of_no_request())

    @property
    def watchers(self) -> int:
        """The number of clients."""
        return len(self._clients)

    @property
    def newest(self) -> int | None:
        """The highest run id known; null before the first look."""
        return self._newest

    @property
    def open_runs(self) -> Collection[int]:
        """Runs that were unfinished when they were last looked at."""
        return self._open.keys()

    def join(self, user: User, *, only_queue: bool = False) -> ClientQueue:
        """Add a client. It gets unfinished runs that it may see, then every change; or the queue alone."""
        client = ClientQueue(user, only_queue=only_queue)
        self._clients.add(client)
        self._new_clients.append(client)
        self._wake.set()
        return client

    def leave(self, client: ClientQueue) -> None:
        """Remove a client."""
        self._clients.discard(client)

    def wake(self, run_id: int) -> None:
        """Look at that run soon: it may have changed."""
        self._dirty.add(run_id)
        self._wake.set()

    def is_behind(self, head: Head) -> bool:
        """Tell whether clients do not know yet what `head` says."""
        if self._newest is None:
            return False
        known = self._open.get(head.id)
        if known is not None:
            return known != head
        return head.id > self._newest or head.status in Run.UNFINISHED or self._is_touched(head)

    def _is_touched(self, head: Head) -> bool:
        """Tell whether the run was touched since the hub began: what was before, clients read from the list itself."""
        touched = head.touched_at
        return touched is not None and touched > self._since and self._touched.get(head.id) != touched

    def close(self) -> None:
        """End the hub's tasks."""
        self._subscription.close()
        self._task.cancel()

    async def _follow(self) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), QUEUE_SECONDS)
            self._wake.clear()
            try:
                await self._send_first()
                await self._send_queue(changed=await self._send_changes())
                self._failures.recovered()
                await asyncio.sleep(TICK_SECONDS)
            except Exception as error:
                self._failures.failed(error)
                self._wake.set()
                await asyncio.sleep(RETRY_SECONDS)

    async def _send_first(self) -> None:
        """Send new clients what is. Only this task reads and sends, so no summary can overtake a newer one."""
        while self._new_clients:
            if self._newest is None:
                known, newest = await tail(_first_look)
                self._open, self._newest = {head.id: head for head in known}, newest
            client = self._new_clients[0]
            found = [] if client.only_queue else await tail(_unfinished, client.user)
            await self._read_queue()  # no await from here on: a new client's first frame has all of this
            client.put_queue(self._queue)
            for change in found:
                client.seen[change.head.id] = True
                client.put(change)
            self._new_clients.remove(client)

    async def _send_changes(self) -> bool:
        """Send what changed; return whether the status or the place of a run did."""
        dirty, self._dirty = self._dirty, set()
        try:
            changes = await tail(_changes, dirty, dict(self._open), self._newest or 0) if dirty else []
            for change in changes:
                await self._send(change)
        except BaseException:
            self._dirty |= dirty
            raise
        return any(change.statuses for change in changes)

    async def _send_queue(self, *, changed: bool) -> None:
        """Send all clients the queue: what one run does moves those behind it, which have no event of their own."""
        await self._read_queue(refresh=changed)
        for client in self._clients:
            client.put_queue(self._queue)

    async def _read_queue(self, *, refresh: bool = False) -> None:
        now = asyncio.get_running_loop().time()
        if refresh or not self._queue or now >= self._queue_due:
            self._queue, took = await tail(with_cost, _queue_message)
            self._queue_due = now + QUEUE_REST.after(took)

    async def _send(self, change: Change) -> None:
        for client in [one for one in self._clients if not one.only_queue]:
            if await _may_see(client, change.head.id):
                client.put(change)
        self._remember(change.head)

    def _remember(self, head: Head) -> None:
        self._newest = max(self._newest or 0, head.id)
        if head.touched_at is not None:
            self._touched.pop(head.id, None)
            self._touched[head.id] = head.touched_at
            while len(self._touched) > TOUCHED_KEPT:
                del self._touched[next(iter(self._touched))]
        if head.status in Run.UNFINISHED:
            self._open[head.id] = head
        else:
            self._open.pop(head.id, None)


async def _may_see(client: ClientQueue, run_id: int) -> bool:
    if run_id not in client.seen:
        client.seen[run_id] = await tail(_is_visible, client.user, run_id)
    return client.seen[run_id]


# --- database, in a thread of `db_threads` ---


def _first_look() -> tuple[list[Head], int]:
    """Return all unfinished runs, and then the newest run: one that comes in between is unknown, and so is told of."""
    known = heads(Run.objects.filter(status__in=Run.UNFINISHED, deleted_at=None).values("pk"))
    return known, Run.objects.aggregate(newest=Max("pk"))["newest"] or 0


def _is_visible(user: User, run_id: int) -> bool:
    """Tell whether the user may see the run, deleted or not: users who could see it are told that it is gone."""
    return readable_runs(user).filter(pk=run_id).exists()


def _unfinished(user: User) -> list[Change]:
    waits = ExpressionWrapper(Q(status=Run.Status.QUEUED), BooleanField())
    touched = F("touched_at").desc(nulls_last=True)
    found = visible_runs(user).filter(status__in=Run.UNFINISHED).order_by(waits, touched, "-id")[:SNAPSHOT_RUNS]
    return _described((run, []) for run in sorted(with_summary(found), key=lambda run: run.pk))


def _changes(run_ids: Iterable[int], known: Mapping[int, Head], newest: int) -> list[Change]:
    runs = with_summary(Run.objects.filter(pk__in=list(run_ids))).order_by("id")
    return _described((run, _statuses(run, known.get(run.pk), is_new=run.pk > newest)) for run in runs)


def _statuses(run: Run, known: Head | None, *, is_new: bool) -> list[str]:
    """Read the status events since `known`; of an older run that comes back, only the one that brought it back."""
    events = of_types(RunEvent.objects.filter(run_id=run.pk, seq__lte=run.last_seq), [RunStatus.type])
    events = events.filter(seq__gt=known.last_seq if known else 0).order_by("-seq")
    limit = STATUSES_PER_CHANGE if known or is_new else 1
    return [event_envelope(event) for event in reversed(events[:limit])]


def _described(found: Iterable[tuple[Run, list[str]]]) -> list[Change]:
    runs, statuses = [*zip(*found, strict=True)] or ((), ())
    summaries = run_summaries(runs)
    return [_change(*each) for each in zip(runs, statuses, summaries, strict=True)]


def _change(run: Run, statuses: list[str], summary: dict[str, Any]) -> Change:
    """Encode a change, non-finite numbers as null. Of a deleted run it says only that it is gone."""
    head = Head(run.pk, run.last_seq, run.status, run.touched_at, run.deleted_at)
    message: dict[str, Any] = {"type": "run_deleted", "run_id": run.pk, "timestamp": utc_now()}
    if run.deleted_at is not None:
        return Change(head, [], msgspec.json.encode(message).decode())
    message |= {"type": "run_summary", "data": summary}
    return Change(head, statuses, msgspec.json.encode(message).decode())


def _queue_message() -> str:
    """Encode places and times, the same for everybody; without the workers, whose last heartbeat is new every time."""
    data = described()
    del data["workers"], data["absent_workers"]
    return msgspec.json.encode({"type": "queue", "data": data}).decode()
