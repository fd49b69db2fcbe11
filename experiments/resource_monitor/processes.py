"""Reads what the processes of a training take from the kernel's /proc. Pure; where there is no /proc, nothing.

All processes of a training are in the sessions that its ranks lead: loader workers stay in them, whatever their parent
is by now.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import NamedTuple

PROC = Path("/proc")
_TICK = 1.0 / os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


class Reading(NamedTuple):
    """One process: when it started (ticks since boot), CPU seconds since then, resident bytes."""

    started: int
    cpu_seconds: float
    rss: int


def of_sessions(leaders: Collection[int], proc: Path = PROC) -> dict[int, Reading] | None:
    """Return the living processes of the sessions that `leaders` lead, by pid; None where that cannot be known."""
    try:
        pids = [int(name) for name in os.listdir(proc) if name.isdecimal()]  # noqa: PTH208 - a tenth of iterdir's time
    except OSError:
        return None
    if not pids:
        return None
    found = {pid: _reading(proc, pid, leaders) for pid in pids}
    return {pid: reading for pid, reading in found.items() if reading is not None}


def cpu_seconds(before: Mapping[int, Reading], now: Mapping[int, Reading]) -> float:
    """Sum the CPU time between two readings; the last moments of processes that ended meanwhile are not known."""
    return sum(
        max(0.0, reading.cpu_seconds - (known.cpu_seconds if known and known.started == reading.started else 0.0))
        for pid, reading in now.items()
        for known in (before.get(pid),)
    )


def pss(pids: Collection[int], proc: Path = PROC) -> int | None:
    """Return the resident bytes, of shared pages each one's share; None where the kernel does not tell.

    The kernel walks all page tables for it, which takes long for a large process, but does not hold that up.
    """
    found = [_pss_of(proc / str(pid) / "smaps_rollup") for pid in pids]
    known = [size for size in found if size is not None]
    return sum(known) if known else None


def _reading(proc: Path, pid: int, leaders: Collection[int]) -> Reading | None:
    try:
        with open(f"{proc}/{pid}/stat", "rb") as file:  # noqa: PTH123 - once for each process of the machine
            fields = file.read().rpartition(b")")[2].split()  # a process may have any name, brackets included
    except OSError:  # it has ended since
        return None
    if len(fields) < 22 or not (pid in leaders or int(fields[3]) in leaders) or fields[0] == b"Z":
        return None
    ticks = int(fields[11]) + int(fields[12])
    return Reading(started=int(fields[19]), cpu_seconds=ticks * _TICK, rss=int(fields[21]) * _PAGE)


def _pss_of(path: Path) -> int | None:
    try:
        for line in path.read_bytes().splitlines():
            if line.startswith(b"Pss:"):
                return int(line.split()[1]) * 1024
    except OSError:
        return None
    return None
