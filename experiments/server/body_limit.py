"""Refuses what the web server itself refuses: a body that is longer than any endpoint accepts, and bytes of no request.

Daphne writes whatever arrives into a temporary file, and then into memory, before the application is asked, and so
before anybody has to be logged in: without a limit a stranger could fill the disk and the memory of the web process.
Its own refusals are pages; programs get a problem here too.
"""

from __future__ import annotations

import msgspec

from experiments.datasets.uploads import PIECE_LIMIT
from realtime.wire.daphne_parts import http_protocol
from request_ids.current import HEADER, bound, chosen
from runs.problems import problem_types
from runs.problems.problem_details import CONTENT_TYPE, details

API = b"/api/"
_HEAD = (
    "HTTP/1.1 413 Content Too Large\r\nContent-Type: {kind}\r\nConnection: close\r\n{header}: {identifier}\r\n"
    "Content-Length: {length}\r\n\r\n"
)
TOO_LONG = f"A request may have {PIECE_LIMIT} bytes; send a file in pieces (POST /api/datasets/uploads/)."
UNREADABLE = "This is no request that the server can read: check its address, its headers and their characters."


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

    def basic_error(self, status: int, status_text: bytes, body: str) -> None:
        """Answer where the application could not: with a problem below `/api/`, else with Daphne's page."""
        identifier = self._identifier()
        if not self._response_started:
            self.responseHeaders.setRawHeaders(HEADER.encode(), [identifier.encode()])
        if not self.uri.startswith(API):
            super().basic_error(status, status_text, body)
            return
        content = _problem(identifier, status, UNREADABLE if status < 500 else f"{body.rstrip('.')}.")
        headers = [(b"Content-Type", CONTENT_TYPE.encode()), (b"Content-Length", str(len(content)).encode())]
        self.handle_reply({"type": "http.response.start", "status": status, "headers": headers})
        self.handle_reply({"type": "http.response.body", "body": content})

    def _refuse(self) -> None:
        self._refused = True
        self.requestHeaders.removeHeader(b"expect")  # no invitation to go on
        identifier = self._identifier()
        content = _problem(identifier, problem_types.BODY_TOO_LONG.status, TOO_LONG)
        head = _HEAD.format(kind=CONTENT_TYPE, header=HEADER, identifier=identifier, length=len(content))
        self.channel.transport.write(head.encode() + content)
        self.channel.loseConnection()

    def _identifier(self) -> str:
        """Return the client's identifier of the request where it is safe, else a new one."""
        proposed = self.requestHeaders.getRawHeaders(HEADER.encode()) or [b""]
        return chosen(proposed[0].decode("latin-1"))


def _problem(identifier: str, status: int, detail: str) -> bytes:
    with bound(identifier):
        return msgspec.json.encode(details(problem_types.general(status), detail, status=status))


def install() -> None:
    """Make Daphne use this class; its factory names the class of its requests and takes no other."""
    http_protocol.WebRequest = BoundedRequest
