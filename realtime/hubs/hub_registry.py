"""The hubs of this process and their clients; hubs and the run poller exist as long as somebody watches."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple
from weakref import WeakKeyDictionary

from realtime.hubs import broadcast, socket_access
from realtime.hubs.broadcast import ACCESS, RUN_LIST, run_group
from realtime.hubs.client_queue import ClientQueue
from realtime.hubs.db_threads import logins, pages, tail
from realtime.hubs.hub import Hub
from realtime.hubs.list_hub import ListHub
from realtime.hubs.local_hints import Listener
from realtime.hubs.run_poller import Interest, pause_between_looks, poll_runs
from realtime.hubs.socket_access import SocketAccess
from realtime.hubs.subscription import Subscription
from request_ids.current import of_no_request
from runs.queries import Head


class Clients(NamedTuple):
    """Open sockets by what they follow (`run`, `list`), and the hubs that serve them."""

    sockets: dict[str, int]
    hubs: int


class HubRegistry:
    """All hubs of one event loop."""

    def __init__(self) -> None:
        self.runs: dict[int, Hub] = {}
        self.run_list: ListHub | None = None
        self._poller: asyncio.Task[None] | None = None
        self._listener: Listener | None = None
        self._rights: Subscription | None = None

    @contextmanager
    def watching_run(self, run_id: int, watcher: SocketAccess) -> Iterator[Hub]:
        """Yield the run's hub, which exists at least as long as the context."""
        hub = self.runs[run_id] = self.runs.get(run_id) or Hub(run_id)
        hub.watchers.add(watcher)
        self._start_poller()
        try:
            yield hub
        finally:
            hub.watchers.discard(watcher)
            if not hub.watchers:
                del self.runs[run_id]
                hub.close()
                self._stop_if_idle()

    @contextmanager
    def watching_list(self, watcher: SocketAccess, *, only_queue: bool = False) -> Iterator[ClientQueue]:
        """Yield what happens to runs that the socket's user may see, or to their queue, while the context lasts."""
        hub = self.run_list = self.run_list or ListHub()
        client = hub.join(watcher, only_queue=only_queue)
        self._start_poller()
        try:
            yield client
        finally:
            hub.leave(client)
            if not hub.watchers:
                self.run_list = None
                hub.close()
                self._stop_if_idle()

    def rejoin_list(self, client: ClientQueue) -> None:
        """Go on with what the client's user may see now."""
        if self.run_list is not None:
            self.run_list.rejoin(client)

    # --- what the run poller asks ---

    def interest(self) -> Interest:
        """Say which runs are watched."""
        if self.run_list is None or self.run_list.newest is None:
            return Interest(list(self.runs), None)
        return Interest({*self.runs, *self.run_list.open_runs}, self.run_list.newest)

    def groups_behind(self, head: Head) -> Iterator[str]:
        """Name the groups whose watchers do not know yet what `head` says."""
        hub = self.runs.get(head.id)
        if hub is not None and hub.is_behind(head):
            yield run_group(head.id)
        if self.run_list is not None and self.run_list.is_behind(head):
            yield RUN_LIST

    def wake(self, group: str, run_id: int) -> None:
        """Wake the hub of that group, if there is one."""
        if group == RUN_LIST and self.run_list is not None:
            self.run_list.wake(run_id)
        elif group != RUN_LIST and run_id in self.runs:
            self.runs[run_id].wake()

    def hinted(self, run_id: int) -> None:
        """Wake those who watch that run: a process of this machine stored something."""
        self.wake(run_group(run_id), run_id)
        self.wake(RUN_LIST, run_id)

    def _start_poller(self) -> None:
        if self._poller is not None:
            return
        listener = None
        if broadcast.crosses_processes():
            self._rights = Subscription(ACCESS, socket_access.doubt, socket_access.look_at_all, of="user_id")
        else:
            self._listener = listener = Listener(self.hinted, socket_access.doubt)
            socket_access.look_at_all()  # of what was announced before, nothing was heard
        pause = pause_between_looks(hears_machine=listener is not None and listener.listening)
        self._poller = asyncio.create_task(poll_runs(self, pause), name="run poller", context=of_no_request())

    def _stop_if_idle(self) -> None:
        """Stop polling and close all connections when nobody watches any more."""
        if self.runs or self.run_list is not None or self._poller is None:
            return
        self._poller.cancel()
        self._poller = None
        if self._listener is not None:
            self._listener.close()
            self._listener = None
        if self._rights is not None:
            self._rights.close()
            self._rights = None
        for reader in (tail, pages, logins):
            reader.close_connection()


_registries: WeakKeyDictionary[asyncio.AbstractEventLoop, HubRegistry] = WeakKeyDictionary()


def current_registry() -> HubRegistry:
    """Return the registry of the running event loop; a server process has one."""
    return _registries.setdefault(asyncio.get_running_loop(), HubRegistry())


def clients() -> Clients:
    """Count the clients of this process, from any thread: the copies that `list` makes are consistent."""
    registries = list(_registries.values())
    hubs = [hub for registry in registries for hub in list(registry.runs.values())]
    lists = [registry.run_list for registry in registries if registry.run_list is not None]
    sockets = {"run": sum(len(hub.watchers) for hub in hubs), "list": sum(hub.watchers for hub in lists)}
    return Clients(sockets, len(hubs) + len(lists))
