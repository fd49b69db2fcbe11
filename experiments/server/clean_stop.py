"""Ends all tasks of the web process before its event loop: Daphne cancels applications, but waits for no task.

What those leave (streams, hubs, long polls) would be destroyed while pending, and Python logs an error for each.
"""

from __future__ import annotations

import asyncio

from realtime.wire.daphne_parts import Deferred, reactor, twisted_loop

SECONDS = 3.0  # the launcher kills what has not ended after WEB_STOP_SECONDS


def install() -> None:
    """Register the clean-up to run before the server shuts down."""
    reactor.addSystemEventTrigger("before", "shutdown", _begin)  # type: ignore[arg-type]  # the interface lacks `self`


def _begin() -> Deferred[None]:
    """Start ending the tasks; the server waits for the result before it closes anything."""
    return Deferred.fromFuture(asyncio.ensure_future(_end_tasks(), loop=twisted_loop))


async def _end_tasks() -> None:
    """Cancel all tasks, including those started meanwhile, until none is left or the time is over."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + SECONDS
    while (tasks := asyncio.all_tasks() - {asyncio.current_task()}) and (left := deadline - loop.time()) > 0:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks, timeout=left)
