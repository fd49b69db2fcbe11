"""Texts to many clients: one encoding, and bytes that reach each socket whole and in order."""

from __future__ import annotations

from typing import Any

import pytest
from twisted.internet.tcp import Connection
from websockets.frames import Frame, Opcode

from realtime.wire.daphne_protocol import ReasonedProtocol, encoded


@pytest.mark.parametrize("size", [1, 125, 126, 65_535, 65_536, 200_000])
def test_a_text_is_one_frame_as_the_standard_has_it(size: int) -> None:
    text = "x" * (size - 1) + "y"
    assert encoded(text) == Frame(Opcode.TEXT, text.encode()).serialize(mask=False)


def test_characters_count_as_bytes_and_the_same_text_is_encoded_once() -> None:
    text = "\u00e4" * 100
    assert encoded(text) == Frame(Opcode.TEXT, text.encode()).serialize(mask=False)
    assert encoded(text) is encoded(text)


class Socket(Connection):
    """A connection whose socket takes so many bytes of each write, and what waits then."""

    def __init__(self, takes: int | Exception) -> None:
        self.takes, self.taken = takes, b""
        self.connected, self.disconnecting = 1, False
        self.dataBuffer, self._tempDataBuffer = b"", list[bytes]()

    def writeSomeData(self, data: bytes) -> Any:  # noqa: N802  (Twisted's name)
        if isinstance(self.takes, Exception):
            return self.takes
        self.taken += data[: self.takes]
        return min(self.takes, len(data))

    def write(self, data: bytes) -> None:
        self._tempDataBuffer.append(data)


def protocol(transport: Socket) -> ReasonedProtocol:
    opened = ReasonedProtocol.__new__(ReasonedProtocol)
    opened.transport, opened.state = transport, ReasonedProtocol.STATE_OPEN
    opened._perMessageCompress, opened.send_queue = None, []
    return opened


@pytest.mark.parametrize("takes", [0, 1, 10, 10_000, ConnectionResetError()])
def test_what_a_socket_does_not_take_waits_and_the_next_message_behind_it(takes: int | Exception) -> None:
    transport = Socket(takes)
    opened = protocol(transport)
    texts = ["a" * 50, "b" * 50, "c" * 50]
    for text in texts:
        opened.handle_reply({"type": "websocket.send", "text": text})
    waiting = b"".join(transport._tempDataBuffer)
    assert transport.taken + waiting == b"".join(map(encoded, texts))
    assert bool(waiting) == (takes != 10_000)
