"""Membership of one channel-layer group: joined, renewed, and left."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable

from channels.layers import get_channel_layer

from realtime.hubs.log_once import LogOnce
from request_ids.current import of_no_request

logger = logging.getLogger(__name__)
RENEWAL_SECONDS = 3600.0  # layers forget members after a day
RETRY_SECONDS = 2.0


_connection = LogOnce(logger, "The connection of the channel layer")


class _Once(logging.Filter):
    """Replaces the traceback that channels-redis logs every second while Redis is away by one line."""

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        if error is not None:
            _connection.failed(error)
        return error is None


logging.getLogger("channels_redis.pubsub").addFilter(_Once())


class Subscription:
    """Calls `on_hint(number)` for each hint, and `on_join()` each time the group is joined.

    The number is that of a run, or what `of` names instead. What happened before joining can only be read, so `on_join`
    must look. A layer that fails is tried again; until then no hint comes.
    """

    def __init__(
        self, group: str, on_hint: Callable[[int], object], on_join: Callable[[], object], *, of: str = "run_id"
    ) -> None:
        self._group = group
        self._of = of
        self._on_hint = on_hint
        self._on_join = on_join
        self._failures = LogOnce(logger, f"Listening to the channel layer group {group}")
        self._task = asyncio.create_task(self._keep(), name=f"subscription {group}", context=of_no_request())

    def close(self) -> None:
        """Leave the group."""
        self._task.cancel()

    async def _keep(self) -> None:
        while True:
            try:
                await self._listen()
            except Exception as error:  # whatever a layer raises, the journal is read by polling meanwhile
                self._failures.failed(error)
                await asyncio.sleep(RETRY_SECONDS)

    async def _listen(self) -> None:
        layer = get_channel_layer()
        channel = await layer.new_channel()
        try:
            await layer.group_add(self._group, channel)
            self._failures.recovered()
            self._on_join()
            # Ended by cancelling `receive`: only that makes the Redis layer give the channel back.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(RENEWAL_SECONDS):
                    while True:
                        self._on_hint((await layer.receive(channel))[self._of])
                        _connection.recovered()
        finally:
            with contextlib.suppress(Exception):  # it would replace a cancellation, and this task would go on
                await layer.group_discard(self._group, channel)
