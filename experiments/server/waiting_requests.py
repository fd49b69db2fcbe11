"""Which tasks of the web process wait on behalf of a client that asked for it: an orderly stop ends them at once."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

_waiting: set[asyncio.Task[Any]] = set()


@contextmanager
def only_waiting() -> Iterator[None]:
    """Count the task that runs as one that only waits, while the context lasts."""
    task = cast("asyncio.Task[Any]", asyncio.current_task())
    _waiting.add(task)
    try:
        yield
    finally:
        _waiting.discard(task)


def only_waits(task: asyncio.Task[Any]) -> bool:
    """Tell whether that is one of them."""
    return task in _waiting
