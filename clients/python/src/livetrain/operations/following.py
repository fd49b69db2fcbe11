"""Follow a run's events, each exactly once and in order, whatever the network does meanwhile."""

from __future__ import annotations

import math
import time
from collections.abc import Generator, Iterable
from dataclasses import dataclass
from typing import Any, TypeAlias

from livetrain.errors import LivetrainError
from livetrain.events import Event
from livetrain.operations.runs import listed
from livetrain.wire import Operation, Parameters, Pause, Request, Result, Step, ask

WAIT_SECONDS = 30  # at most how long the server keeps a request open for news
AT_ONCE = 1_000
PAUSE_AFTER_END = 2.0
PAUSE_BETWEEN_LOOKS = 1.0
ENDED = frozenset({"completed", "failed", "cancelled"})


@dataclass(frozen=True, slots=True)
class Heard:
    """Some events that follow those before."""

    events: list[Event]


Following: TypeAlias = Generator["Step | Heard", Result, None]


def follow(
    run_id: int, patience: float, after: int = 0, types: str | Iterable[str] = (), *, beyond_end: bool = False
) -> Following:
    """Yield `Heard` with the events after number `after`, until the run has ended and all of them were heard.

    Each request names the last number that was heard: what an interrupted answer would have told comes with the next.

    Args:
        run_id: of which run.
        patience: how many seconds a server that does not answer is asked again.
        after: the number of the last event that is known.
        types: only events of these types; blank: of all.
        beyond_end: go on when the run has ended, since it may be resumed.

    Raises:
        LivetrainError: the server knows fewer events than it told before.
    """
    wanted, wait, told = ",".join(listed(types)) or None, 0, 0
    while True:
        parameters: Parameters = {"after": after, "wait": wait, "limit": AT_ONCE, "types": wanted}
        request = Request("GET", f"/api/runs/{run_id}/events/", parameters, seconds=wait)
        answer: Any = (yield from ask(request, patience)).json()
        if answer["last_seq"] < told:
            raise LivetrainError(
                f"Run {run_id} has {answer['last_seq']:,} events, and had {told:,} before: an older state of the "
                f"server was restored. What was heard beyond is void; follow it again with after={answer['last_seq']}."
            )
        told = answer["last_seq"]
        heard, after = after, max(after, answer["last_seq"])
        if found := [Event.of(one) for one in answer["events"]]:
            yield Heard(found)
        there_is_more, ended = len(found) == AT_ONCE, answer["status"] in ENDED
        if ended and not there_is_more:
            if not beyond_end:
                return
            yield Pause(PAUSE_AFTER_END)  # the server keeps no request open for a run that has ended
        elif not found and heard < after:
            yield Pause(PAUSE_BETWEEN_LOOKS)  # events of other types come several times a second
        wait = 0 if there_is_more else WAIT_SECONDS


def until_ended(run_id: int, after: int, seconds: float | None, patience: float) -> Operation[bool]:
    """Wait until a run has ended, at most `seconds`; return whether it has.

    A training says something several times a second, and each of it wakes the server's answer: so it is asked once a
    second.
    """
    until = math.inf if seconds is None else time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        wait = math.ceil(min(WAIT_SECONDS, left))
        parameters: Parameters = {"after": after, "wait": wait, "limit": 1, "types": "training_end"}
        request = Request("GET", f"/api/runs/{run_id}/events/", parameters, seconds=wait)
        answer = (yield from ask(request, min(patience, left))).json()
        if answer["status"] in ENDED:
            return True
        if answer["last_seq"] > after:
            after = answer["last_seq"]
            yield Pause(max(0.0, min(PAUSE_BETWEEN_LOOKS, until - time.monotonic())))
    return False
