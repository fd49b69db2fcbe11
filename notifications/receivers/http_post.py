"""Post a body to a receiver: one connection, to an address that was checked, without redirects, within a deadline.

http.client alone would not do: it resolves names itself, and its time-outs begin again with each byte, so that a
receiver could hold a thread for hours.
"""

from __future__ import annotations

import io
import socket
import ssl
import time
from collections.abc import Mapping
from http.client import HTTPException, HTTPResponse
from typing import Any, NamedTuple

from notifications.receivers.addresses import AddressRefused, Receiver, parsed, resolved

SECONDS = 10.0
"""For everything between resolving the name and the last byte that is read."""
CONNECT_SECONDS = 4.0
BODY_SECONDS = 2.0
"""For each piece of a body, whose status has come."""
MOST_HEADER_BYTES = 16_384
MOST_ANSWER_BYTES = 4_096


class Answer(NamedTuple):
    """What a receiver answered: status, the beginning of its body, and for how long it asks to be left alone."""

    status: int
    body: str
    retry_after: float | None


class PostFailed(Exception):
    """The reason why there is no answer, as a sentence."""


def post(url: str, body: bytes, headers: Mapping[str, str], *, seconds: float = SECONDS) -> Answer:
    """Post a body and return the answer, whatever its status. Raises PostFailed and AddressRefused."""
    deadline = time.monotonic() + seconds
    receiver = parsed(url)
    try:
        with _connected(receiver, deadline) as connection:
            connection.sendall(_request(receiver, body, headers))
            return _answer(_read(connection, deadline))
    except ssl.SSLCertVerificationError as error:
        raise PostFailed(f"The certificate of {receiver.host} is not valid: {error.verify_message}.") from error
    except ssl.SSLError as error:
        raise PostFailed(f"No secure connection with {receiver.host}: {error.reason or 'TLS failed'}.") from error
    except TimeoutError as error:
        raise PostFailed(f"{receiver.host} did not answer within {seconds:g} seconds.") from error
    except (ConnectionError, HTTPException, OSError, ValueError) as error:
        if isinstance(error, AddressRefused):
            raise
        raise PostFailed(f"{receiver.host}: {_said(error)}.") from error


def _connected(receiver: Receiver, deadline: float) -> socket.socket:
    """Connect to the first address that answers, of those that were checked."""
    addresses = resolved(receiver)
    for place, (family, address) in enumerate(addresses, 1):
        connection = socket.socket(family, socket.SOCK_STREAM)
        try:
            connection.settimeout(min(CONNECT_SECONDS, _left(deadline)))
            connection.connect(address)
            connection.settimeout(_left(deadline))
            if receiver.scheme == "http":
                return connection
            context = ssl.create_default_context()
            return context.wrap_socket(connection, server_hostname=receiver.host)
        except ssl.SSLError:
            connection.close()
            raise
        except OSError:
            connection.close()
            if place == len(addresses):
                raise
    raise AddressRefused(f"The name {receiver.host} has no address.")


def _request(receiver: Receiver, body: bytes, headers: Mapping[str, str]) -> bytes:
    lines = {
        "Host": receiver.host_header,
        "User-Agent": "Livetrain",
        "Accept": "*/*",
        "Connection": "close",
        "Content-Length": str(len(body)),
        **headers,
    }
    if any(sign in value for value in lines.values() for sign in "\r\n"):
        raise ValueError("a header has a line break")
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"POST {receiver.target} HTTP/1.1\r\n{head}\r\n".encode("ascii") + body


def _read(connection: socket.socket, deadline: float) -> bytes:
    """Read the head of an answer and the beginning of its body. What comes late of the body is left out."""
    found = b""
    while (end := found.find(b"\r\n\r\n")) < 0:
        if len(found) > MOST_HEADER_BYTES:
            raise ValueError("the head of its answer does not end")
        connection.settimeout(_left(deadline))
        piece = connection.recv(8_192)
        if not piece:
            raise ConnectionError("it closed the connection without an answer")
        found += piece
    enough = end + 4 + MOST_ANSWER_BYTES
    try:
        while len(found) < enough and not _is_complete(found, end + 4):
            connection.settimeout(min(BODY_SECONDS, _left(deadline)))
            piece = connection.recv(8_192)
            if not piece:
                break
            found += piece
    except OSError:  # its status has been read, and that decides
        return found[:enough]
    return found[:enough]


def _is_complete(found: bytes, start: int) -> bool:
    """Tell whether the body that begins there is all here, as far as the head announces its length."""
    head = found[:start].lower()
    if b"\r\ntransfer-encoding: chunked" in head:
        return found.endswith(b"0\r\n\r\n")
    _, announced, rest = head.partition(b"\r\ncontent-length:")
    length = rest.partition(b"\r\n")[0].strip()
    return bool(announced) and length.isdigit() and len(found) - start >= int(length)


def _answer(found: bytes) -> Answer:
    response = HTTPResponse(_Received(found))  # type: ignore[arg-type]  # all that it takes of a socket
    response.begin()
    try:
        body = response.read(MOST_ANSWER_BYTES)
    except HTTPException as error:
        body = getattr(error, "partial", b"")
    text = body[:MOST_ANSWER_BYTES].decode("utf-8", "replace").replace("\x00", "�")
    return Answer(response.status, text, _seconds(response.getheader("Retry-After")))


def _seconds(text: str | None) -> float | None:
    """Read `Retry-After` where it is a number of seconds; a date is left to the usual pauses."""
    return float(text) if text and text.isascii() and text.isdigit() and len(text) < 9 else None


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _said(error: Exception) -> str:
    if isinstance(error, ConnectionRefusedError):
        return "the connection was refused"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror[:1].lower() + error.strerror[1:]
    return str(error).rstrip(".") or type(error).__name__


class _Received:
    """What was read of a socket, in the form that http.client reads."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def makefile(self, *_: Any) -> io.BytesIO:
        """Return a file of it."""
        return io.BytesIO(self._data)
