"""Daphne's WebSocket protocol, made to send the reason beside the close code: as it comes, it drops the reason."""

from __future__ import annotations

from typing import Any

import daphne.server  # noqa: F401  # installs the reactor, so it comes first
from daphne import ws_protocol


class ReasonedProtocol(ws_protocol.WebSocketProtocol):  # type: ignore[misc]  # Daphne has no types
    """Sends the `reason` of a `websocket.close` message, cut to the 123 bytes that a close frame has for it."""

    _reason: str | None = None

    def handle_reply(self, message: dict[str, Any]) -> None:
        """Pass on what the application sends."""
        if message["type"] == "websocket.close":
            self._reason = message.get("reason") or None
        super().handle_reply(message)

    def serverClose(self, code: int | None = None) -> None:  # noqa: N802  (Daphne's name)
        """Close the socket with the code, 1000 by default, and with the reason of the application, if it gave one."""
        self.sendClose(code=1000 if code is None else code, reason=self._reason)


def install() -> None:
    """Make Daphne's factory build this protocol."""
    ws_protocol.WebSocketFactory.protocol = ReasonedProtocol
