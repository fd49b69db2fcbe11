"""Reads what the machine has and how much of it is in use: processors, memory, disk. Pure; unknown is None.

In a container, and under any control group with a limit below the machine's memory, that limit is what counts: beyond
it processes are killed.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

PROC = Path("/proc")
CGROUPS = Path("/sys/fs/cgroup")


class Processors(NamedTuple):
    """Ticks of all cores since boot, busy ones and all; and how many cores there are."""

    busy: int
    total: int
    cores: int


class Space(NamedTuple):
    """Used and total space in bytes."""

    used: int
    total: int


def processors(proc: Path = PROC) -> Processors | None:
    """Read the ticks of all cores; waiting for a disk does not count as busy."""
    try:
        lines = (proc / "stat").read_text().splitlines()
    except OSError:
        return None
    cores = sum(line.startswith("cpu") and line[3:4].isdecimal() for line in lines)
    ticks = [int(part) for part in lines[0].split()[1:9]] if lines else []  # guests count in user and nice already
    if len(ticks) < 5 or not cores:
        return None
    return Processors(busy=sum(ticks) - ticks[3] - ticks[4], total=sum(ticks), cores=cores)


def busy_cores(before: Processors | None, now: Processors | None) -> float | None:
    """Return how many cores were busy between two readings."""
    if before is None or now is None or now.total <= before.total:
        return None
    return max(0.0, now.busy - before.busy) / (now.total - before.total) * now.cores


def memory(proc: Path = PROC, cgroups: Path = CGROUPS) -> Space | None:
    """Return the memory with the least left, the machine's or a control group's; caches count as free."""
    whole = _machine_memory(proc)
    limited = [space for group in _own_groups(proc, cgroups) if (space := _group_memory(group)) is not None]
    spaces = [space for space in (whole, *limited) if space is not None]
    return min(spaces, key=lambda space: space.total - space.used, default=None)


def disk(folder: Path) -> Space | None:
    """Return the space of the file system that holds the folder; free is what unprivileged users can still write."""
    try:
        found = os.statvfs(folder)
    except OSError:
        return None
    total, free = found.f_blocks * found.f_frsize, found.f_bavail * found.f_frsize
    return Space(used=total - free, total=total)


def _machine_memory(proc: Path) -> Space | None:
    try:
        lines = (proc / "meminfo").read_text().splitlines()
    except OSError:
        return None
    sizes = {name: int(rest.split()[0]) * 1024 for name, _, rest in (line.partition(":") for line in lines) if rest}
    if "MemTotal" not in sizes or "MemAvailable" not in sizes:
        return None
    return Space(used=sizes["MemTotal"] - sizes["MemAvailable"], total=sizes["MemTotal"])


def _own_groups(proc: Path, cgroups: Path) -> list[Path]:
    """Return this process's control group and its parents (version 2); a container sees its own as the root."""
    try:
        lines = (proc / "self" / "cgroup").read_text().splitlines()
    except OSError:
        return []
    own = next((line.removeprefix("0::/") for line in lines if line.startswith("0::/")), None)
    if own is None or ".." in Path(own).parts:
        return []
    path = cgroups / own
    return [path, *(parent for parent in path.parents if parent.is_relative_to(cgroups))]


def _group_memory(group: Path) -> Space | None:
    """Return the memory of a control group; None without a limit."""
    try:
        limit = (group / "memory.max").read_text().strip()
        used = int((group / "memory.current").read_text())
        statistics = (group / "memory.stat").read_text().splitlines()
    except (OSError, ValueError):
        return None
    if not limit.isdecimal():
        return None
    cached = sum(int(line.split()[1]) for line in statistics if line.startswith("inactive_file "))
    return Space(used=max(0, used - cached), total=int(limit))
