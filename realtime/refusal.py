"""Why a socket is refused. It is accepted first, because browsers can read a close code but no HTTP status."""

from __future__ import annotations

BAD_REQUEST = 4400
NO_LOGIN = 4401
WRONG_ORIGIN = 4403
UNKNOWN_RUN = 4404
FAILED = 1011


class Refused(Exception):
    """Close the socket with `code`; the sentence goes with it where the server passes it on (Daphne does not)."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason
