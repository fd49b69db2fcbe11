"""Codes with which the server closes a socket, and the exception that carries one.

A socket is accepted first, because browsers can read a close code but no HTTP status. Daphne sends 1000 and codes from
3000 to 4999 and raises for any other, 1011 included; applications may define those from 4000 on.
"""

from __future__ import annotations

BAD_REQUEST = 4400
NO_LOGIN = 4401
WRONG_ORIGIN = 4403
UNKNOWN_RUN = 4404
ACCESS_ENDED = 4410
"""What the client saw until now it may no longer see; asked for again, it is unknown to it."""
FAILED = 4500
"""A fault of the server: the client may come back at once."""


class Refused(Exception):
    """Close the socket with `code`, and tell the client `reason`: a sentence of at most 123 bytes."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason
