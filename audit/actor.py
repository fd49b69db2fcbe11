"""Who acts, and from where: what the web server knows of a request, or the system of a command."""

from __future__ import annotations

import getpass
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from audit.via import Via


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts. `credential` is of a token its name and beginning, of a command the system's account."""

    via: str
    user_id: int | None = None
    user_name: str = ""
    credential: str = ""
    address: str = ""
    request_id: str = ""


@dataclass(frozen=True, slots=True)
class Source:
    """Where something comes from; who acts is asked when something is recorded, as a login comes within its request.

    `postponed` holds what is written when the request is over, as it must outlast a transaction within.
    """

    actor: Callable[[], Actor]
    is_request: bool = False
    postponed: list[Callable[[], None]] = field(default_factory=list)

    def write_postponed(self) -> None:
        """Write what was postponed; to be called where no transaction of the request is under way any more."""
        while self.postponed:
            self.postponed.pop(0)()


SERVER = Actor(Via.SERVER)
_source: ContextVar[Source | None] = ContextVar("where what happens comes from", default=None)
_ITSELF = _process = Source(lambda: SERVER)


@contextmanager
def acting(actor: Callable[[], Actor]) -> Iterator[Source]:
    """Record what happens inside the block, in this thread or task, as done by that actor.

    What enters the block writes what it postponed.
    """
    source = Source(actor, is_request=True)
    token = _source.set(source)
    try:
        yield source
    finally:
        _source.reset(token)


@contextmanager
def acting_itself() -> Iterator[None]:
    """Record what happens inside the block as the server's own doing, whatever request gave occasion to it."""
    token = _source.set(_ITSELF)
    try:
        yield
    finally:
        _source.reset(token)


def act_as_command() -> None:
    """Record what this process does as done at the command line, by the system's account that it runs under."""
    global _process  # noqa: PLW0603  (there is one for the whole process, threads included)
    actor = Actor(Via.COMMAND, credential=system_account())
    _process = Source(lambda: actor)


def system_account() -> str:
    """Return the name of the system's account that this process runs under."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a number without a name, as in containers
        return "unknown"


def present_source() -> Source:
    """Return where what happens now comes from."""
    return _source.get() or _process
