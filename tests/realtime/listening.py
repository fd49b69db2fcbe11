"""A client of the WebSocket as a user would write it, which checks the promise of the stream as it listens."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidMessage

from tests.servers import WebServer

PATIENCE_SECONDS = 60.0


@asynccontextmanager
async def socket(server: WebServer, path: str, token: str, **options: Any) -> AsyncIterator[ClientConnection]:
    """Open a socket, authenticated by header."""
    headers = {"Authorization": f"Token {token}"}
    async with connect(
        server.websocket_url + path, additional_headers=headers, proxy=None, compression=None, **options
    ) as opened:
        yield opened


async def frame(opened: ClientConnection, within: float = PATIENCE_SECONDS) -> list[dict[str, Any]]:
    """Receive the next frame."""
    received = json.loads(await asyncio.wait_for(opened.recv(), within))
    assert isinstance(received, list)
    assert received
    return received


async def close_code(server: WebServer, path: str, **options: Any) -> int:
    """Return the code with which the server closes a socket opened like this; fail when it sends anything."""
    async with connect(server.websocket_url + path, proxy=None, compression=None, **options) as opened:
        return await code_of_close(opened)


async def code_of_close(opened: ClientConnection) -> int:
    """Return the server's close code; fail when it sends anything before."""
    with pytest.raises(ConnectionClosed) as closed:
        await asyncio.wait_for(opened.recv(), PATIENCE_SECONDS)
    assert closed.value.rcvd is not None
    return closed.value.rcvd.code


class Listener:
    """Follows one run across any number of connections; each number must come exactly once and in order."""

    def __init__(self, server: WebServer, run_id: int, token: str, *, after: int = 0) -> None:
        self.last = after
        self.events: list[dict[str, Any]] = []
        self.skipped: list[tuple[int, int]] = []
        self.connections = 0
        self._server, self._run_id, self._token = server, run_id, token

    @asynccontextmanager
    async def connected(self, query: str = "", **options: Any) -> AsyncIterator[ClientConnection]:
        path = f"/ws/runs/{self._run_id}/?after={self.last}{query}"
        async with socket(self._server, path, self._token, **options) as opened:
            self.connections += 1
            yield opened

    async def listen_until(self, last: int) -> None:
        """Read from one connection up to that number."""
        async with self.connected() as opened:
            await self.read_until(opened, last)

    async def read_until(self, opened: ClientConnection, last: int, *, acknowledge: bool = False) -> None:
        while self.last < last:
            self.take(await frame(opened))
            if acknowledge:
                await opened.send(json.dumps({"ack": self.last}))

    async def roam_until(self, last: int, chance: random.Random) -> None:
        """Disconnect at random, half the time without a close, and come back with the last number."""
        while self.last < last:
            try:
                async with self.connected() as opened:
                    for _ in range(chance.randint(1, 12)):
                        if self.last < last:
                            self.take(await frame(opened))
                    if chance.random() < 0.5:
                        opened.transport.abort()
            except (ConnectionClosed, OSError, InvalidMessage, TimeoutError):
                await asyncio.sleep(0.1)  # the server is down

    def take(self, received: list[dict[str, Any]]) -> None:
        for item in received:
            first, last = (item["from"], item["to"]) if item["type"] == "skipped" else (item["seq"], item["seq"])
            assert first == self.last + 1, f"{first} came after {self.last}"
            assert last >= first
            assert item["run_id"] == self._run_id
            if item["type"] == "skipped":
                self.skipped.append((first, last))
            else:
                self.events.append(item)
            self.last = last
