"""The results as text and as JSON: what we lose comes first."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.peers.contestants import OURS
from benchmarks.peers.rounds import Measured
from benchmarks.peers.rows import Row

Results = Sequence[tuple[Row, list[Measured]]]
EVEN = 1.05  # closer than this, nobody has won


def ratio(row: Row, found: Sequence[Measured]) -> float | None:
    """Return how many times better we are than the best peer; below 1 we lose, None without both."""
    ours = next((one.median for one in found if one.contestant == OURS.name), None)
    peers = [one.median for one in found if one.contestant != OURS.name and one.median is not None]
    if ours is None or not peers:
        return None
    return ours / max(peers) if row.more_is_better else min(peers) / ours


def as_json(results: Results, versions: dict[str, dict[str, str]], rounds: int) -> dict[str, Any]:
    """Return everything that was measured, with the machine and the versions."""
    return {
        "date": datetime.now(UTC).isoformat(timespec="minutes"),
        "machine": machine(),
        "versions": versions,
        "rounds": rounds,
        "rows": [
            {"name": row.name, "unit": row.unit, "more_is_better": row.more_is_better, "ratio": ratio(row, found)}
            | {"measured": [one._asdict() for one in found]}
            for row, found in results
        ],
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


def as_text(results: Results, versions: dict[str, dict[str, str]], rounds: int) -> str:
    """Write the page: lost rows, even ones, won ones, what was given up for each peer, how it was measured."""
    return "\n".join(_lines(results, versions, rounds)) + "\n"


def _lines(results: Results, versions: dict[str, dict[str, str]], rounds: int) -> Iterator[str]:
    here = machine()
    yield "# Ours beside the peers"
    yield ""
    machine_text = f"{here['processor']}, {here['cores']} cores, {here['system']}, Python {here['python']}"
    yield (
        f"Measured {datetime.now(UTC):%Y-%m-%d} in one run by `make bench`, contestants in turn, {rounds} rounds, "
        f"medians with the least and the most in brackets. {machine_text}, load {here['load'][0]} at the end. The last "
        "column says how many times better ours is than the best peer; below 1 a peer is better."
    )
    lost, even, won, alone = _sorted(results)
    for title, rows in (("We lose", lost), ("Nobody wins", even), ("We win", won), ("Nobody to compare", alone)):
        if rows:
            yield from _table(title, rows)
    yield from _given_up(results)
    yield from ("", "## Versions", "")
    for name, found in versions.items():
        yield f"- {name}: " + ", ".join(f"{package} {version}" for package, version in found.items())
    yield from _failures(results)


def _sorted(results: Results) -> tuple[list[Any], list[Any], list[Any], list[Any]]:
    """Sort by who wins, the clearest loss first."""
    rated = [(ratio(row, found), row, found) for row, found in results]
    known = sorted((one for one in rated if one[0] is not None), key=lambda one: one[0] or 0)
    lost = [one for one in known if one[0] is not None and one[0] < 1 / EVEN]
    won = [one for one in known if one[0] is not None and one[0] > EVEN]
    even = [one for one in known if one not in lost and one not in won]
    return lost, even, won, [one for one in rated if one[0] is None]


def _table(title: str, rows: list[tuple[float | None, Row, list[Measured]]]) -> Iterator[str]:
    names = [one.contestant for one in rows[0][2]]
    yield from ("", f"## {title}", "")
    yield f"| | unit | {' | '.join(names)} | ours, times better |"
    yield "|---|---|" + "---|" * (len(names) + 1)
    for better, row, found in rows:
        cells = " | ".join(_cell(one) for one in found)
        yield f"| {row.name} | {row.unit} | {cells} | {'–' if better is None else number(better)} |"


def _cell(one: Measured) -> str:
    if one.median is None:
        return "failed" if one.failure else "–"
    if len(one.values) == 1:
        return number(one.median)
    return f"{number(one.median)} ({number(min(one.values))} to {number(max(one.values))})"


def number(value: float) -> str:
    """Write three digits at least, thousands apart."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def _given_up(results: Results) -> Iterator[str]:
    said = [(row.name, row.given_up) for row, _ in results if row.given_up]
    if said:
        yield from ("", "## What to know of the rows", "")
        yield from (f"- {name}: {text}." for name, text in said)


def _failures(results: Results) -> Iterator[str]:
    failed = [(row.name, one) for row, found in results for one in found if one.failure]
    if failed:
        yield from ("", "## What failed", "")
        yield from (f"- {name}, {one.contestant}: {one.failure.splitlines()[-1]}" for name, one in failed)
