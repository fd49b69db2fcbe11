"""CPU time and memory of a server's processes over time, and of its database's files. Linux: PSS is from /proc.

PSS is a process' share of each page that processes share, so that the figures may be added up.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psutil

MIB = 2**20
FLAT_MIB_PER_MINUTE = 0.5
"""Memory of a process that serves is flat when the line through its second half rises by less than this."""


def roles(launcher: psutil.Process, worker: psutil.Process, clients: psutil.Process) -> dict[str, psutil.Process]:
    """Return all processes by what they do; trainings are numbered."""
    found = {"launcher": launcher, "worker": worker, "clients": clients}
    for process in launcher.children():
        found["web"] = process
    trainings = 0
    for process in worker.children(recursive=True):
        if "forkserver" not in " ".join(process.cmdline()):
            continue
        parent = process.parent()
        if parent is not None and "forkserver" in " ".join(parent.cmdline()):
            trainings += 1
            found[f"training {trainings}"] = process
        else:
            found["fork server"] = process
    return found


class Sampler(threading.Thread):
    """Looks every `every` seconds until `stop`."""

    def __init__(self, processes: Mapping[str, psutil.Process], database: Path | None, every: float) -> None:
        super().__init__(name="sampler", daemon=True)
        self.samples: list[dict[str, Any]] = []
        self.ended: set[str] = set()  # processes that did not live to the end
        self._processes, self._database, self._every = processes, database, every
        self._stopped = threading.Event()
        self._start = time.monotonic()

    def run(self) -> None:
        self._look()
        while not self._stopped.wait(self._every):
            self._look()

    def stop(self) -> None:
        """Take a last sample, then stop."""
        self._stopped.set()
        self.join()
        self._look()

    def _look(self) -> None:
        sample: dict[str, Any] = {"seconds": round(time.monotonic() - self._start, 1)}
        for name, process in self._processes.items():
            try:
                memory, cpu = process.memory_full_info(), process.cpu_times()
            except psutil.NoSuchProcess:
                self.ended.add(name)
                sample[name] = self.samples[-1][name]
                continue
            sample[name] = {kind: getattr(memory, kind) / MIB for kind in ("pss", "rss", "uss")} | {
                "cpu": cpu.user + cpu.system
            }
        if self._database is not None:
            sample["database"] = {
                name: _size(self._database, suffix) for name, suffix in (("file", ""), ("wal", "-wal"))
            }
        self.samples.append(sample)


def _size(database: Path, suffix: str) -> float:
    path = database.with_name(database.name + suffix)
    return path.stat().st_size / MIB if path.exists() else 0.0


def summary(samples: list[dict[str, Any]], name: str) -> dict[str, float]:
    """Summarise one process: share of a core, PSS and RSS (MiB) at the end, slope of the late USS in MiB a minute."""
    first, last = samples[0], samples[-1]
    half = samples[len(samples) // 2 :]
    cpu = (last[name]["cpu"] - first[name]["cpu"]) / (last["seconds"] - first["seconds"])
    return {
        "cpu": round(cpu, 3),
        "pss": round(last[name]["pss"], 1),
        "pss_max": round(max(sample[name]["pss"] for sample in samples), 1),
        "rss": round(last[name]["rss"], 1),
        "slope": round(slope([(sample["seconds"] / 60, sample[name]["uss"]) for sample in half]), 3),
    }


def slope(points: list[tuple[float, float]]) -> float:
    """Return the slope of the line of least squares; 0 for fewer than two points."""
    if len(points) < 2:
        return 0.0
    mean_x, mean_y = (sum(values) / len(points) for values in zip(*points, strict=True))
    spread = sum((x - mean_x) ** 2 for x, _ in points)
    return float(sum((x - mean_x) * (y - mean_y) for x, y in points) / spread)
