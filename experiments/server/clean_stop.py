"""Stops the web process in order: requests at work are answered, then all tasks end before their event loop does.

As it comes, Daphne cancels all applications at once, and waits for none of them once the first has ended. A request
that is stored would have no answer, and what streams, hubs and long polls leave would be destroyed while pending, of
which Python logs an error for each.
"""

from __future__ import annotations

import asyncio
from typing import Any

from experiments.server import waiting_requests
from realtime.wire.daphne_parts import CommandLineInterface, Deferred, Server, http_protocol, twisted_loop

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
        """Wait for the answers of requests at work to be on their way; sockets and long polls end at once."""
        at_work, channels = [], []
        for protocol, details in list(self.connections.items()):
            task = details.get("application_instance")
            if task is None or task.done():
                continue
            if isinstance(protocol, http_protocol.WebRequest) and not waiting_requests.only_waits(task):
                at_work.append(task)
                if protocol.channel is not None:  # the client is still there
                    channels.append(protocol.channel)  # which the request forgets when it has ended
            else:
                task.cancel()
        if not at_work:
            return
        deadline = twisted_loop.time() + ANSWER_SECONDS
        await asyncio.wait(at_work, timeout=ANSWER_SECONDS)
        for channel in channels:
            channel.loseConnection()  # once everything is written
        while any(channel.transport.connected for channel in channels) and twisted_loop.time() < deadline:  # noqa: ASYNC110
            await asyncio.sleep(FLUSH_SECONDS)


class OrderlyDaphne(CommandLineInterface):  # type: ignore[misc]  # Daphne has no types
    """Daphne's command with that server."""

    server_class = OrderlyServer


async def _end_tasks() -> None:
    """Cancel all tasks, including those started meanwhile, until none is left or the time is over."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + END_SECONDS
    while (tasks := asyncio.all_tasks() - {asyncio.current_task()}) and (left := deadline - loop.time()) > 0:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks, timeout=left)
