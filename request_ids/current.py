"""The identifier of the request or socket that is being answered, readable wherever its work is done.

Loaded while logging is set up, before the apps: it imports none of them.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import Context, ContextVar, copy_context

HEADER = "X-Request-ID"
LONGEST = 64
SAFE = re.compile(rf"(?!.*livetrain_)[A-Za-z0-9._-]{{1,{LONGEST}}}", re.IGNORECASE)
"""What a client may choose: short enough for a line of the log, nothing that ends a line, and no API token."""
_current: ContextVar[str] = ContextVar("request identifier", default="")


def current() -> str:
    """Return the identifier of what is being answered; blank outside of requests."""
    return _current.get()


def chosen(proposed: str) -> str:
    """Return the client's own identifier if it is safe, else a new one."""
    return proposed if SAFE.fullmatch(proposed) else new()


def new() -> str:
    """Make an identifier: 32 hexadecimal digits, random."""
    return secrets.token_hex(16)


def of_no_request() -> Context:
    """Return the present context without the identifier: for a task that serves others too than who began it."""
    context = copy_context()
    context.run(_current.set, "")
    return context


@contextmanager
def bound(identifier: str) -> Iterator[None]:
    """Make this the identifier inside the block."""
    token = _current.set(identifier)
    try:
        yield
    finally:
        _current.reset(token)
