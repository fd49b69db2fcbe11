"""Stops the web process in order: requests at work are answered, then all tasks end before their event loop does.

As it comes, Daphne cancels all applications at once, and waits for none of them once the first has ended. A request
that is stored would have no answer, and what streams, hubs and long polls leave would be destroyed while pending, of
which Python logs an error for each.
"""

from __future__ import annotations

import asyncio
from typing import Any

from experiments.server import waiting_requests
from realtime.wire.daphne_parts import CommandLineInterface, Deferred, Server, http_protocol, readers, twisted_loop

ANSWER_SECONDS = 3.0
"""How long requests at work are waited for; the launcher kills what has not ended after WEB_STOP_SECONDS."""
END_SECONDS = 1.0
"""How long all other tasks are waited for, once they are cancelled."""
FLUSH_SECONDS = 0.01


class OrderlyServer(Server):  # type: ignore[misc]  # Daphne has no types
    """Daphne's server, with another end."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._ports: list[Any] = []
        self._ended = set[asyncio.Task[None]]()  # sockets and long polls …
        self._unanswered = set[Any]()  # … and the connections of these

    def listen_success(self, port: Any) -> None:
        """Keep the port, which Daphne forgets."""
        self._ports.append(port)
        super().listen_success(port)

    def kill_all_applications(self) -> Deferred[None]:
        """Start the end; the server waits for the result before it closes anything."""
        return Deferred.fromFuture(asyncio.ensure_future(self._end(), loop=twisted_loop))

    async def _end(self) -> None:
        for port in self._ports:
            port.stopListening()  # who connects now waits for the next web process
        await self._answer()
        await _end_tasks()

    async def _answer(self) -> None:
        """Wait for the answers of requests at work to be on their way; sockets and long polls end at once.

        A connection without a request at work is closed, so that its client sends the next one to the next web process.
        One that was on its way already is answered as well.
        """
        deadline, channels = twisted_loop.time() + ANSWER_SECONDS, set[Any]()
        while twisted_loop.time() < deadline:
            at_work = self._at_work()
            channels = {channel for channel in (channels | self._channels()) - self._unanswered if _is_open(channel)}
            for channel in channels.difference(request.channel for request in at_work):
                channel.loseConnection()  # once everything is written
            if not channels and not at_work:
                return
            await asyncio.sleep(FLUSH_SECONDS)

    def _at_work(self) -> list[Any]:
        """Return the requests that are being answered; end what only waits."""
        at_work = []
        for protocol, details in list(self.connections.items()):
            task = details.get("application_instance")
            if task is None or task.done() or task in self._ended:
                continue
            is_request = isinstance(protocol, http_protocol.WebRequest)
            if is_request and not waiting_requests.only_waits(task):
                at_work.append(protocol)
                continue
            self._ended.add(task)
            task.cancel()
            if is_request:  # what Django left of it would take the end of the connection for a fault
                self._unanswered.add(protocol.channel)
        return at_work

    def _channels(self) -> set[Any]:
        """Find the connections over which requests come: those of requests, and those from which one may be read."""
        found = {getattr(protocol, "channel", None) for protocol in self.connections}
        found |= {getattr(getattr(reader, "protocol", None), "_channel", None) for reader in readers()}
        return found - {None}


class OrderlyDaphne(CommandLineInterface):  # type: ignore[misc]  # Daphne has no types
    """Daphne's command with that server."""

    server_class = OrderlyServer


def _is_open(channel: Any) -> bool:
    """Tell whether that is still a connection, and one for requests: it may have become a WebSocket."""
    transport = channel.transport
    return bool(transport and transport.connected and getattr(transport.protocol, "_channel", None) is channel)


async def _end_tasks() -> None:
    """Cancel all tasks, including those started meanwhile, until none is left or the time is over."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + END_SECONDS
    while (tasks := asyncio.all_tasks() - {asyncio.current_task()}) and (left := deadline - loop.time()) > 0:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks, timeout=left)
