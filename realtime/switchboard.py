"""Brings clients and hubs of this process together; hubs and the relay live as long as somebody watches."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple
from weakref import WeakKeyDictionary

from django.contrib.auth.models import User

from realtime.broadcast import RUN_LIST, run_group
from realtime.hub import Hub
from realtime.list_hub import ListHub, Outbox
from realtime.reader import logins, pages, tail
from realtime.relay import Interest, relay
from runs.queries import Head


class Clients(NamedTuple):
    """Who is connected: open sockets by what they follow (`run`, `list`), and the hubs that serve them."""

    sockets: dict[str, int]
    hubs: int


class Switchboard:
    """All hubs of one event loop."""

    def __init__(self) -> None:
        self.runs: dict[int, Hub] = {}
        self.run_list: ListHub | None = None
        self._relay: asyncio.Task[None] | None = None

    @contextmanager
    def watching_run(self, run_id: int) -> Iterator[Hub]:
        """The run's hub, for as long as the context lasts."""
        hub = self.runs[run_id] = self.runs.get(run_id) or Hub(run_id)
        hub.watchers += 1
        self._start_relay()
        try:
            yield hub
        finally:
            hub.watchers -= 1
            if not hub.watchers:
                del self.runs[run_id]
                hub.close()
                self._rest()

    @contextmanager
    def watching_list(self, user: User, *, only_queue: bool = False) -> Iterator[Outbox]:
        """What happens to runs that `user` may see, or to the queue, for as long as the context lasts."""
        hub = self.run_list = self.run_list or ListHub()
        outbox = hub.join(user, only_queue=only_queue)
        self._start_relay()
        try:
            yield outbox
        finally:
            hub.leave(outbox)
            if not hub.watchers:
                self.run_list = None
                hub.close()
                self._rest()

    # --- what the relay asks ---

    def interest(self) -> Interest:
        if self.run_list is None or self.run_list.newest is None:
            return Interest(list(self.runs), None)
        return Interest({*self.runs, *self.run_list.open_runs}, self.run_list.newest)

    def groups_behind(self, head: Head) -> Iterator[str]:
        hub = self.runs.get(head.id)
        if hub is not None and (hub.head < head.last_seq or hub.gone != (head.deleted_at is not None)):
            yield run_group(head.id)
        if self.run_list is not None and self.run_list.is_behind(head):
            yield RUN_LIST

    def wake(self, group: str, run_id: int) -> None:
        if group == RUN_LIST and self.run_list is not None:
            self.run_list.wake(run_id)
        elif group != RUN_LIST and run_id in self.runs:
            self.runs[run_id].wake()

    def _start_relay(self) -> None:
        self._relay = self._relay or asyncio.create_task(relay(self), name="relay")

    def _rest(self) -> None:
        """Nobody watches: no looks, no connections."""
        if self.runs or self.run_list is not None or self._relay is None:
            return
        self._relay.cancel()
        self._relay = None
        for reader in (tail, pages, logins):
            reader.release()


_boards: WeakKeyDictionary[asyncio.AbstractEventLoop, Switchboard] = WeakKeyDictionary()


def here() -> Switchboard:
    """The switchboard of the running event loop; a server process has one."""
    return _boards.setdefault(asyncio.get_running_loop(), Switchboard())


def clients() -> Clients:
    """Of this process, from any thread: the copies that `list` makes are whole."""
    boards = list(_boards.values())
    hubs = [hub for board in boards for hub in list(board.runs.values())]
    lists = [board.run_list for board in boards if board.run_list is not None]
    sockets = {"run": sum(hub.watchers for hub in hubs), "list": sum(hub.watchers for hub in lists)}
    return Clients(sockets, len(hubs) + len(lists))
