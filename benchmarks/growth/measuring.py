"""What the parts share: CPU time of their process and of database servers, and how they say what they found."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterable
from typing import Any, Self

import psutil

MICRO, MILLI = 1e6, 1e3
ENOUGH_SECONDS = 0.3


class Meter:
    """CPU seconds of this process, and of servers with all their processes, those that have ended included."""

    def __init__(self, servers: Iterable[int] = ()) -> None:
        self._servers = [psutil.Process(pid) for pid in servers]

    def seconds(self) -> float:
        return time.process_time() + sum(map(of_tree, self._servers))

    def of(self, work: Callable[[], object]) -> float:
        """Return what one call took."""
        start = self.seconds()
        work()
        return self.seconds() - start

    def least(self, work: Callable[[], object], batches: int = 3) -> float:
        """Return what a call takes once it is warm: the least of some batches of calls."""
        first = self.of(work)
        calls = max(1, min(20, round(ENOUGH_SECONDS / max(first, 1e-4))))
        if first > 2 * ENOUGH_SECONDS:
            return min(first, self.of(work))

        def several() -> None:
            for _ in range(calls):
                work()

        return min(self.of(several) for _ in range(batches)) / calls


def of_tree(process: psutil.Process) -> float:
    """Return the CPU seconds of a process, of those that it has started, and of those of them that have ended."""
    times = process.cpu_times()
    living = sum(sum(child.cpu_times()[:4]) for child in process.children(recursive=True))
    return float(sum(times[:4]) + living)


def get(client: Any, path: str) -> None:
    """Ask Django's test client for that address, which answers it."""
    answer = client.get(path)
    assert answer.status_code == 200, (path, answer.status_code, answer.content[:300])


def asked() -> dict[str, Any]:
    """Return what the part was asked: the JSON of its only argument."""
    return dict(json.loads(sys.argv[1]))


class Collected:
    """Costs by what they are of, size after size; a context manager, which prints them at its end, whatever happens."""

    def __init__(self, part: str, of: str) -> None:
        self._part, self._of = part, of
        self._found: dict[str, dict[str, Any]] = {}

    def add(self, what: str, unit: str, size: float, cost: float, *, each: bool = False) -> None:
        """Keep one cost."""
        curve = self._found.setdefault(what, {"unit": unit, "sizes": [], "costs": [], "each": each})
        curve["sizes"].append(size)
        curve["costs"].append(cost)
        sys.stderr.write(f"   {what}, {size:,.0f} {self._of}: {cost:.4g} {unit}\n")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for what, curve in self._found.items():
            sys.stdout.write(json.dumps({"part": self._part, "what": what, "of": self._of} | curve) + "\n")
