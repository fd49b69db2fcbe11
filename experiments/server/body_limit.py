"""Refuses a request's body that is longer than any endpoint accepts, before it is stored anywhere.

Daphne writes whatever arrives into a temporary file, and then into memory, before the application is asked, and so
before anybody has to be logged in: without a limit a stranger could fill the disk and the memory of the web process.
"""

from __future__ import annotations

from experiments.datasets.uploads import PIECE_LIMIT
from realtime.wire.daphne_parts import http_protocol

_ANSWER = (
    b"HTTP/1.1 413 Content Too Large\r\nContent-Type: application/json\r\nConnection: close\r\n"
    b"Content-Length: %d\r\n\r\n%s"
)
_BODY = b'{"detail":"A request may have %d bytes; send a file in pieces (POST /api/datasets/uploads/)."}' % PIECE_LIMIT


class BoundedRequest(http_protocol.WebRequest):  # type: ignore[misc]  # Daphne has no types
    """A request of at most `PIECE_LIMIT` bytes, announced or not; a longer one is answered 413 and cut off."""

    _arrived = 0
    _refused = False

    def gotLength(self, length: int | None) -> None:  # noqa: N802  (Twisted's name)
        """Refuse a body whose announced length is too large."""
        super().gotLength(length)
        if length is not None and length > PIECE_LIMIT:
            self._refuse()

    def handleContentChunk(self, data: bytes) -> None:  # noqa: N802
        """Count what arrives, and refuse the body as soon as it is too long."""
        self._arrived += len(data)
        if self._refused:
            return
        if self._arrived > PIECE_LIMIT:
            self._refuse()
        else:
            super().handleContentChunk(data)

    def process(self) -> object:
        """Handle the request, unless it was refused."""
        return None if self._refused else super().process()

    def _refuse(self) -> None:
        self._refused = True
        self.requestHeaders.removeHeader(b"expect")  # no invitation to go on
        self.channel.transport.write(_ANSWER % (len(_BODY), _BODY))
        self.channel.loseConnection()


def install() -> None:
    """Make Daphne use this class; its factory names the class of its requests and takes no other."""
    http_protocol.WebRequest = BoundedRequest
