"""What was measured, sorted by who wins, and as JSON."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.peers.contestants import OURS
from benchmarks.peers.rounds import Measured
from benchmarks.peers.rows import Row

Results = Sequence[tuple[Row, list[Measured]]]
EVEN = 1.05  # closer than this, nobody has won


class Sorted(NamedTuple):
    """The rows by who wins, the clearest loss first, each with how many times better ours is."""

    lost: list[tuple[float, Row, list[Measured]]]
    even: list[tuple[float, Row, list[Measured]]]
    won: list[tuple[float, Row, list[Measured]]]
    alone: list[tuple[Row, Measured]]


def ratio(row: Row, found: Sequence[Measured]) -> float | None:
    """Return how many times better we are than the best peer; below 1 we lose, None without both."""
    ours = of_ours(found)
    peers = [one.median for one in found if one.contestant != OURS.name and one.median is not None]
    if ours is None or ours.median is None or not peers:
        return None
    return ours.median / max(peers) if row.more_is_better else min(peers) / ours.median


def of_ours(found: Sequence[Measured]) -> Measured | None:
    """Return what ours showed, if it took part."""
    return next((one for one in found if one.contestant == OURS.name), None)


def reached(row: Row, value: float) -> bool | None:
    """Return whether a figure of ours is what was aimed at; None where nothing was."""
    if row.target is None:
        return None
    return value >= row.target if row.more_is_better else value <= row.target


def by_winner(results: Results) -> Sorted:
    """Sort the rows; those without a peer's figure are ours alone."""
    rated = [(ratio(row, found), row, found) for row, found in results]
    known = sorted(((better, row, found) for better, row, found in rated if better is not None), key=lambda one: one[0])
    lost = [one for one in known if one[0] < 1 / EVEN]
    won = [one for one in known if one[0] > EVEN]
    even = [one for one in known if 1 / EVEN <= one[0] <= EVEN]
    return Sorted(lost, even, won, [(row, _alone(found)) for better, row, found in rated if better is None])


def _alone(found: Sequence[Measured]) -> Measured:
    return of_ours(found) or Measured(OURS.name, [], [], "not asked")


def as_json(results: Results, versions: Mapping[str, Mapping[str, str]], minutes: float) -> dict[str, Any]:
    """Return everything that was measured, with the machine and the versions."""
    return {
        "date": datetime.now(UTC).isoformat(timespec="minutes"),
        "minutes": round(minutes, 1),
        "machine": machine(),
        "versions": versions,
        "rows": [_row(row, found) for row, found in results],
    }


def _row(row: Row, found: Sequence[Measured]) -> dict[str, Any]:
    what = {"name": row.name, "unit": row.unit, "more_is_better": row.more_is_better, "alone": row.alone}
    return what | {
        "before": row.before,
        "target": row.target,
        "ratio": ratio(row, found),
        "measured": [one._asdict() | {"median": one.median} for one in found],
    }


def machine() -> dict[str, Any]:
    """Describe the machine by what a reader needs to judge the figures."""
    return {
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)),
        "system": platform.system(),
        "python": platform.python_version(),
        "load": [round(one, 1) for one in os.getloadavg()],
    }


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown")
