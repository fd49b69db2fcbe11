"""The server's application with a fault: streams fail on demand, and pings, and the look at who is logged in.

For each file in the folder `LIVETRAIN_HOME`/faults the function of that name raises, once, and removes the file.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, ParamSpec, TypeVar

from django.conf import settings

from project.asgi import application
from realtime import auth
from realtime.consumers import RunConsumer
from realtime.hubs.client_queue import ClientQueue
from realtime.hubs.hub import Hub

__all__ = ["FAULTS", "application"]
P = ParamSpec("P")
T = TypeVar("T")
FAULTS = settings.LIVETRAIN_HOME / "faults"


def _failing(name: str, works: Callable[P, Awaitable[T]]) -> Callable[P, Awaitable[T]]:
    async def fails_on_demand(*args: P.args, **kwargs: P.kwargs) -> T:
        _raise_if_asked(name)
        return await works(*args, **kwargs)

    return fails_on_demand


def _failing_at_once(name: str, works: Callable[P, T]) -> Callable[P, T]:
    def fails_on_demand(*args: P.args, **kwargs: P.kwargs) -> T:
        _raise_if_asked(name)
        return works(*args, **kwargs)

    return fails_on_demand


def _raise_if_asked(name: str) -> None:
    if (FAULTS / name).exists():
        (FAULTS / name).unlink()
        raise RuntimeError(f"{name} fails because a test asked for it")


def _fail_on_demand(owner: Any, attribute: str, name: str) -> None:
    setattr(owner, attribute, _failing(name, getattr(owner, attribute)))


FAULTS.mkdir(exist_ok=True)
_fail_on_demand(Hub, "frame_after", "run stream")
_fail_on_demand(ClientQueue, "frame", "list stream")
_fail_on_demand(RunConsumer, "pong", "ping")
_fail_on_demand(auth, "logins", "login")
RunConsumer.push = _failing_at_once("push", RunConsumer.push)  # type: ignore[method-assign]
auth.RECHECK_SECONDS = 0.3
