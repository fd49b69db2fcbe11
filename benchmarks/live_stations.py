"""Where a value is when, on its way from the training to a client: `python -m benchmarks.live --stations`.

Each process appends a line for each value to one file, which costs it some microseconds: `[station, step, moment]` in
the training and the worker, `[station, seq, moment]` in the web process.
"""

from __future__ import annotations

import json
import os
import re
import statistics
import time
from collections.abc import Callable, Iterable
from itertools import pairwise
from pathlib import Path
from typing import Any

VARIABLE = "LIVETRAIN_BENCHMARK_STATIONS"
BY_STEP = ("sent by the training", "read by the supervisor", "stored", "hint sent")
BY_SEQ = ("hub woken", "read by the hub", "frame made")
STATIONS = ("reported", *BY_STEP, *BY_SEQ, "received")
_STEP = re.compile(rb'"step":(\d+)')


class Stamps:
    """A writer of stamps, one for each process."""

    def __init__(self) -> None:
        self._file = os.open(os.environ[VARIABLE], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def at(self, station: str, numbers: Iterable[int]) -> None:
        """Say that these values are there now."""
        now = time.time()
        os.write(self._file, "".join(f"{json.dumps([station, number, now])}\n" for number in numbers).encode())

    def of_encoded(self, station: str, encoded: bytes) -> None:
        """Say it of the values in an encoded batch."""
        self.at(station, map(int, _STEP.findall(encoded)))


def watched() -> bool:
    """Tell whether this process is to stamp."""
    return VARIABLE in os.environ


def after(work: Callable[..., Any], stamp: Callable[..., object]) -> Callable[..., Any]:
    """Wrap `work`, so that `stamp` is called with the same arguments after it."""

    def wrapped(*arguments: Any, **named: Any) -> Any:
        found = work(*arguments, **named)
        stamp(*arguments, **named)
        return found

    return wrapped


def table(file: Path, reported: dict[int, float], received: dict[int, float], seqs: dict[int, int]) -> dict[str, Any]:
    """Return the median and the 95th percentile of each leg in milliseconds; `seqs` are the numbers of steps."""
    moments: dict[str, dict[int, float]] = {"reported": reported, "received": received}
    steps = {seq: step for step, seq in seqs.items()}
    for line in file.read_text().splitlines():
        station, number, moment = json.loads(line)
        step = steps.get(number) if station in BY_SEQ else number
        if step is not None:
            moments.setdefault(station, {})[step] = moment  # the last wake-up before it was read
    legs: dict[str, Any] = {}
    for earlier, later in pairwise(STATIONS):
        both = moments.get(earlier, {}).keys() & moments.get(later, {}).keys() & received.keys()
        took = [1e3 * (moments[later][step] - moments[earlier][step]) for step in both]
        cuts = statistics.quantiles(took, n=20) if len(took) > 1 else [0.0] * 19
        legs[later] = {"p50": round(cuts[9], 2), "p95": round(cuts[18], 2)}
    return legs
