"""Database access of the event loop: in few threads of its own, each with one connection that stays open.

The default path (`database_sync_to_async`) queues everything behind one thread of the whole process and opens a
connection per call, which costs three times the query. A thread of these runs one query at a time, in the order of the
calls, so slow queries pile up neither threads nor connections.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from django.db import Error, connections

from request_ids.current import bound, current

P = ParamSpec("P")
T = TypeVar("T")


class DbThread:
    """One thread, one connection. Only for queries that may be run twice."""

    def __init__(self, name: str) -> None:
        self._pool = ThreadPoolExecutor(1, thread_name_prefix=name)

    async def __call__(self, query: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `query` and return what it returns; raises what it raises (database errors: at the second try)."""
        loop, identifier = asyncio.get_running_loop(), current()
        return await loop.run_in_executor(self._pool, lambda: _identified(identifier, query, *args, **kwargs))

    def close_connection(self) -> None:
        """Close the connection after the queries under way; the next query opens one again."""
        self._pool.submit(connections.close_all)


def _identified(identifier: str, query: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run the query as a part of the request or socket of this identifier, which threads do not inherit."""
    with bound(identifier):
        return _fresh(query, *args, **kwargs)


def _fresh(query: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run the query, on a new connection if it fails: the old one may have been cut, which only its use tells."""
    try:
        return query(*args, **kwargs)
    except Error:
        connections.close_all()
    try:
        return query(*args, **kwargs)
    except Error:
        connections.close_all()
        raise


tail = DbThread("realtime-tail")
"""For what is new: short queries on which all clients wait."""
pages = DbThread("realtime-pages")
"""For what a single client asks for: old journal pages."""
logins = DbThread("realtime-logins")
"""For identities and permissions: behind the pages of many who catch up, a handshake would time out."""
