"""Wait for a job on a run's model."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from typing import Any

from livetrain.errors import WaitedTooLong
from livetrain.operations.runs import get
from livetrain.wire import Operation, Pause

UNFINISHED = frozenset({"queued", "running"})
LOOK_SECONDS = 1.0


def moment_in(seconds: float | None) -> float:
    """Return the moment that is so many seconds away; None: never."""
    return math.inf if seconds is None else time.monotonic() + seconds


def followed(
    job: Mapping[str, Any],
    path: str,
    until: float,
    patience: float,
    *,
    look_seconds: float = LOOK_SECONDS,
    told: Callable[[Mapping[str, Any]], object] | None = None,
) -> Operation[dict[str, Any]]:
    """Look at a job until it has ended, at most until that moment; return it as it is then.

    Args:
        job: as it is known.
        path: where it is looked at.
        until: the moment, as `moment_in` has it.
        patience: how many seconds a server that does not answer is asked again.
        look_seconds: between two looks.
        told: is given the job as it is known, and after each look.
    """
    while True:
        if told:
            told(job)
        if job["status"] not in UNFINISHED or (left := until - time.monotonic()) <= 0:
            return dict(job)
        yield Pause(min(look_seconds, left))
        job = yield from get(path, patience)


def ended(
    job: Mapping[str, Any],
    path: str,
    until: float,
    patience: float,
    *,
    goes_on: str,
    look_seconds: float = LOOK_SECONDS,
) -> Operation[dict[str, Any]]:
    """Wait until a job has ended, however it has, and return it; raises WaitedTooLong, which says that it `goes_on`."""
    job = yield from followed(job, path, until, patience, look_seconds=look_seconds)
    if job["status"] in UNFINISHED:
        raise WaitedTooLong(goes_on)
    return job
