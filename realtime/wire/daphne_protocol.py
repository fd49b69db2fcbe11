"""Daphne's WebSocket protocol, made to send the reason beside the close code, and the same text to many at little cost.

As it comes, it drops the reason, and builds each frame from its text again for each client, which takes longer than
everything else on the way of an event to many clients.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, partial
from struct import pack
from typing import Any

from realtime.wire.daphne_parts import Connection, ws_protocol

FRAMES_KEPT = 32
"""Encoded frames; clients at the same place get the same text one after the other."""
_TEXT = 0x81  # a whole message of text (RFC 6455, 5.2); a server masks nothing


@lru_cache(FRAMES_KEPT)
def encoded(text: str) -> bytes:
    """Encode a text message as one frame."""
    payload = text.encode()
    size = len(payload)
    if size < 126:
        return pack("!BB", _TEXT, size) + payload
    return (pack("!BBH", _TEXT, 126, size) if size < 65_536 else pack("!BBQ", _TEXT, 127, size)) + payload


class ReasonedProtocol(ws_protocol.WebSocketProtocol):  # type: ignore[misc]  # Daphne has no types
    """Writes texts as frames that are encoded once for all clients.

    Sends the `reason` of a `websocket.close` message, cut to the 123 bytes that a close frame has for it.
    """

    _reason: str | None = None

    def handle_reply(self, message: dict[str, Any]) -> None:
        """Pass on what the application sends."""
        text = message.get("text")
        if text and self.write_text(text):
            return
        if message["type"] == "websocket.close":
            self._reason = message.get("reason") or None
        super().handle_reply(message)

    def write_text(self, text: str) -> bool:
        """Send a text; False: it has to go the usual way, through `handle_reply`."""
        if self.state != self.STATE_OPEN or self._perMessageCompress is not None or self.send_queue:
            return False
        self._write(encoded(text))
        return True

    def _write(self, data: bytes) -> None:
        """Give the bytes to the socket at once if nothing waits before them.

        The transport would ask the loop first whether the socket is writable, which costs more than the writing.
        """
        transport = self.transport
        if isinstance(transport, Connection) and _takes_at_once(transport):
            taken = transport.writeSomeData(data)
            if isinstance(taken, int) and taken > 0:
                data = data[taken:]
        if data:  # an error of the socket too is found by the transport again, which then ends the connection
            transport.write(data)

    def serverClose(self, code: int | None = None) -> None:  # noqa: N802  (Daphne's name)
        """Close the socket with the code, 1000 by default, and with the reason of the application, if it gave one."""
        self.sendClose(code=1000 if code is None else code, reason=self._reason)


def _takes_at_once(transport: Any) -> bool:
    """Tell whether the connection is open and no bytes of earlier messages wait in it."""
    waiting = transport.dataBuffer or transport._tempDataBuffer  # nothing public says it
    return bool(transport.connected and not transport.disconnecting and not waiting)


def direct_writer(send: Any) -> Callable[[str], bool] | None:
    """Return what writes a text to the socket that `send` sends to, without a coroutine; None: the server is another.

    It returns False where it cannot write, and then has written nothing.
    """
    protocol = send.args[0] if isinstance(send, partial) and send.args else None  # as Daphne makes it
    return protocol.write_text if isinstance(protocol, ReasonedProtocol) else None


def install() -> None:
    """Make Daphne's factory build this protocol."""
    ws_protocol.WebSocketFactory.protocol = ReasonedProtocol
