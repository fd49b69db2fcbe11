"""Sockets of the application in this process, whose parts a test can reach: nothing listens on a port."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from channels.testing import WebsocketCommunicator

from realtime.routing import websocket_application

PATIENCE_SECONDS = 20.0
Message = dict[str, Any]


class Socket:
    """A client's end of one socket."""

    def __init__(self, path: str, headers: dict[str, str]) -> None:
        sent = [(name.encode(), value.encode()) for name, value in ({"host": "localhost"} | headers).items()]
        self.communicator = WebsocketCommunicator(websocket_application, path, sent)
        self.texts: list[str] = []
        """The frames as they came."""

    async def frame(self) -> list[Message]:
        """Receive the next frame."""
        self.texts.append(await self.communicator.receive_from(timeout=PATIENCE_SECONDS))
        found: list[Message] = json.loads(self.texts[-1])
        return found

    async def first(self) -> list[Message] | int:
        """Receive the first frame, or the code with which the server closes without one."""
        message = await self.communicator.receive_output(timeout=PATIENCE_SECONDS)
        if message["type"] == "websocket.close":
            code: int = message["code"]
            return code
        found: list[Message] = json.loads(message["text"])
        return found

    async def until(self, found: Callable[[Message], bool]) -> list[Message]:
        """Receive messages up to the frame with the one."""
        received: list[Message] = []
        while not any(found(message) for message in received):
            received += await self.frame()
        return received

    async def closed(self) -> tuple[int, str]:
        """Return code and reason with which the server closes; fail when it sends anything before, or nothing."""
        message = await self.communicator.receive_output(timeout=PATIENCE_SECONDS)
        assert message["type"] == "websocket.close", message
        return message["code"], message["reason"]

    @property
    def is_silent(self) -> bool:
        """Whether nothing lies here unread."""
        return bool(self.communicator.output_queue.empty())


@asynccontextmanager
async def socket(path: str, token: str = "", **headers: str) -> AsyncIterator[Socket]:
    """Open a socket, authenticated by header if there is a token."""
    if token:
        headers["authorization"] = f"Token {token}"
    opened = Socket(path, headers)
    assert (await opened.communicator.connect(timeout=PATIENCE_SECONDS))[0]
    yield opened
    await opened.communicator.disconnect(timeout=PATIENCE_SECONDS)
