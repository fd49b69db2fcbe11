"""The closed list of problem types. The page "Problems" of the documentation says what to do about each. Pure."""

from __future__ import annotations

from http import HTTPStatus
from typing import NamedTuple

PAGE = "/help/reference/problems.html"
BLANK = "about:blank"
"""The type of a status that no problem type of the list is for, as RFC 9457 wants it."""


class ProblemType(NamedTuple):
    """A kind of problem: its stable name, which is its anchor on the page, and the status that it has."""

    name: str
    title: str
    status: int

    @property
    def uri(self) -> str:
        """The URI reference that tells it apart, relative to the server."""
        return f"{PAGE}#{self.name}"


def _type(title: str, status: int) -> ProblemType:
    return ProblemType(title.lower().replace(" ", "-"), title, status)


BAD_REQUEST = _type("Bad request", 400)
HOST_NOT_ALLOWED = _type("Host not allowed", 400)
INVALID_REQUEST = _type("Invalid request", 400)
MALFORMED_BODY = _type("Malformed body", 400)
NOT_LOGGED_IN = _type("Not logged in", 401)
NOT_ALLOWED = _type("Not allowed", 403)
CSRF_FAILED = _type("CSRF check failed", 403)
NOT_FOUND = _type("Not found", 404)
UNKNOWN_ADDRESS = _type("Unknown address", 404)
METHOD_NOT_ALLOWED = _type("Method not allowed", 405)
NOT_ACCEPTABLE = _type("Not acceptable", 406)
CONFLICT = _type("Conflict", 409)
DISK_QUOTA_REACHED = _type("Disk quota reached", 409)
BODY_TOO_LONG = _type("Body too long", 413)
UNSUPPORTED_MEDIA_TYPE = _type("Unsupported media type", 415)
TOO_MANY_REQUESTS = _type("Too many requests", 429)
QUEUE_QUOTA_REACHED = _type("Queue quota reached", 429)
TOO_MANY_WRONG_TOKENS = _type("Too many wrong tokens", 429)
TOO_MANY_LOGINS = _type("Too many logins", 429)
SERVER_ERROR = _type("Server error", 500)
UNAVAILABLE = _type("Temporarily unavailable", 503)
NO_ROOM = _type("No room on disk", 507)

PROBLEM_TYPES = (
    BAD_REQUEST, HOST_NOT_ALLOWED, INVALID_REQUEST, MALFORMED_BODY, NOT_LOGGED_IN, NOT_ALLOWED, CSRF_FAILED,
    NOT_FOUND, UNKNOWN_ADDRESS, METHOD_NOT_ALLOWED, NOT_ACCEPTABLE, CONFLICT, DISK_QUOTA_REACHED, BODY_TOO_LONG,
    UNSUPPORTED_MEDIA_TYPE, TOO_MANY_REQUESTS, QUEUE_QUOTA_REACHED, TOO_MANY_WRONG_TOKENS, TOO_MANY_LOGINS,
    SERVER_ERROR, UNAVAILABLE, NO_ROOM,
)  # fmt: skip
"""All of them, by status."""
_GENERAL = {
    400: BAD_REQUEST, 401: NOT_LOGGED_IN, 403: NOT_ALLOWED, 404: NOT_FOUND, 405: METHOD_NOT_ALLOWED,
    406: NOT_ACCEPTABLE, 409: CONFLICT, 413: BODY_TOO_LONG, 415: UNSUPPORTED_MEDIA_TYPE, 429: TOO_MANY_REQUESTS,
    500: SERVER_ERROR, 503: UNAVAILABLE, 507: NO_ROOM,
}  # fmt: skip


def general(status: int) -> ProblemType | None:
    """Return the type of a status where nothing more is known; None for a status that has no type."""
    return _GENERAL.get(status)


def phrase(status: int) -> str:
    """Return the title of a status that has no type: HTTP's own."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return f"Status {status}"
