"""The list of runs in one process: what changed, read and encoded once for all clients that may see it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Collection

from django.utils import timezone

from realtime.hubs import list_looks
from realtime.hubs.broadcast import RUN_LIST
from realtime.hubs.client_queue import Change, ClientQueue, Projects
from realtime.hubs.db_threads import tail
from realtime.hubs.log_once import LogOnce
from realtime.hubs.socket_access import SocketAccess
from realtime.hubs.subscription import Subscription
from request_ids.current import of_no_request
from runs.models import Run
from runs.pauses.rest import Rest, with_cost
from runs.queries import Head

logger = logging.getLogger(__name__)
TICK_SECONDS = 0.25
"""At most four summaries per second and run."""
RETRY_SECONDS = 1.0
QUEUE_SECONDS = 5.0
"""Without a change of a run the queue is looked at so often: it may be paused, and estimates drift …"""
QUEUE_REST = Rest(200, least=QUEUE_SECONDS, longest=30.0)
"""… but less often where that costs much: half a percent of a core."""
HEADS_KEPT = 20_000


class ListHub:
    """Follows all runs that are unfinished or new. Needs a running event loop; ended by `close`.

    It knows of all unfinished runs from its first look on, so that only what changes is read and sent. What a client
    is sent depends on the projects that its user sees and on nothing else, so that clients with the same ones share it.

    The run poller, which asks `is_behind`, finds what happens before the group is joined, and what lost hints said.
    """

    def __init__(self) -> None:
        self._clients: set[ClientQueue] = set()
        self._new_clients: list[ClientQueue] = []
        self._open: dict[int, Head] = {}  # unfinished runs, as they were sent or stood at the first look
        self._newest: int | None = None
        self._sent: dict[int, Head] = {}  # other runs that were tagged, deleted, restored or ended since, as sent
        self._since = timezone.now()
        self._dirty: set[int] = set()
        self._wake = asyncio.Event()
        self._queues: dict[Projects, str] = {}
        self._queue_due = 0.0
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

    def join(self, access: SocketAccess, *, only_queue: bool = False) -> ClientQueue:
        """Add a client. It gets unfinished runs that its user may see, then every change; or the queue alone."""
        client = ClientQueue(access, only_queue=only_queue)
        self._clients.add(client)
        self._welcome(client)
        return client

    def rejoin(self, client: ClientQueue) -> None:
        """Tell a client that its user may see other projects now, and begin with it as with a new one."""
        client.begin_again(client.access.access.project_ids, list_looks.access_changed())
        self._welcome(client)

    def leave(self, client: ClientQueue) -> None:
        """Remove a client."""
        self._clients.discard(client)
        if client in self._new_clients:
            self._new_clients.remove(client)

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
        touched, sent = head.touched_at, self._sent.get(head.id)
        return touched is not None and touched > self._since and (sent is None or sent.touched_at != touched)

    def close(self) -> None:
        """End the hub's tasks."""
        self._subscription.close()
        self._task.cancel()

    def _welcome(self, client: ClientQueue) -> None:
        if client not in self._new_clients:
            self._new_clients.append(client)
        self._wake.set()

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
                known, newest = await tail(list_looks.first_look)
                self._open, self._newest = {head.id: head for head in known}, newest
            first = self._new_clients[0]
            projects, only_queue = first.projects, first.only_queue
            found = [] if only_queue else await tail(list_looks.unfinished, projects)
            await self._read_queues()  # no await from here on: a new client's first frame has all of this
            alike = [one for one in self._new_clients if (one.projects, one.only_queue) == (projects, only_queue)]
            for client in alike:
                client.put_queue(self._queues.get(projects, ""))
                for change in found:
                    client.put(change)
                self._new_clients.remove(client)

    async def _send_changes(self) -> bool:
        """Send what changed; return whether the status or the place of a run did."""
        dirty, self._dirty = self._dirty, set()
        if not dirty:
            return False
        seen = {client.projects for client in self._clients if not client.only_queue}
        try:
            changes = await tail(list_looks.changes, dirty, dict(self._open), self._newest or 0, seen)
        except BaseException:
            self._dirty |= dirty
            raise
        moves = any(self._moves_queue(change) for change in changes)
        for change in changes:
            self._send(change)
        return moves

    def _moves_queue(self, change: Change) -> bool:
        """Tell whether the status or the place of a run changed, or may have where nobody here sees its events."""
        known, head = self._open.get(change.head.id), change.head
        if change.summary is not None:
            return bool(change.statuses)
        return known is None or known.status != head.status or head.status == Run.Status.QUEUED

    async def _send_queue(self, *, changed: bool) -> None:
        """Send all clients the queue: what one run does moves those behind it, which have no event of their own."""
        await self._read_queues(refresh=changed)
        for client in self._clients:
            if client.projects in self._queues:  # else it has come meanwhile
                client.put_queue(self._queues[client.projects])

    async def _read_queues(self, *, refresh: bool = False) -> None:
        """Read the queue for all whom the known messages are not for, or for all where it may have changed."""
        now = asyncio.get_running_loop().time()
        wanted = {client.projects for client in self._clients}
        if refresh or now >= self._queue_due:
            self._queues, took = await tail(with_cost, list_looks.queue_messages, wanted)
            self._queue_due = now + QUEUE_REST.after(took)
        elif missing := wanted.difference(self._queues):
            self._queues |= await tail(list_looks.queue_messages, missing)

    def _send(self, change: Change) -> None:
        """Give a run's change to those who see it, and to those who did until it was moved, that it is gone."""
        head = change.head
        before = self._open.get(head.id) or self._sent.get(head.id)
        withdrawn = None
        if before is not None and before.project_id != head.project_id:
            withdrawn = Change(head, [], list_looks.withdrawn(head.id))
        for client in self._clients:
            if client.only_queue:
                continue
            if client.sees(head.project_id):
                client.put(change)
            elif before is not None and withdrawn is not None and client.sees(before.project_id):
                client.put(withdrawn)
        self._remember(head)

    def _remember(self, head: Head) -> None:
        self._newest = max(self._newest or 0, head.id)
        self._sent.pop(head.id, None)
        self._sent[head.id] = head
        while len(self._sent) > HEADS_KEPT:
            del self._sent[next(iter(self._sent))]
        if head.status in Run.UNFINISHED:
            self._open[head.id] = head
        else:
            self._open.pop(head.id, None)
