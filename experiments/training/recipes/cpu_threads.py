"""How many threads torch computes with in each process of a training."""

from __future__ import annotations

import os

import psutil

from experiments.training.contract.trainer_config import TrainerConfig

MEASURED_SECONDS = 0.25
NEARLY_IDLE = 0.3  # of a core: what a server, and a person's terminal, may take of one that counts as idle


def chosen(asked: TrainerConfig, processes: int = 1) -> int:
    """Return the number that was asked for, or by default that of `half`; `idle` measures for a moment."""
    if asked.threads == "idle":
        return idle(processes)
    return asked.threads or half(processes)


def half(processes: int = 1) -> int:
    """Return half the cores this process may use, divided among the processes of the training.

    Two threads on a busy two-core machine were ten times slower than one.
    """
    return max(1, len(_usable()) // 2 // processes)


def idle(processes: int = 1) -> int:
    """Return how many of the cores this process may use are idle now, divided among the processes of the training."""
    usable = _usable()
    busy = psutil.cpu_percent(interval=MEASURED_SECONDS, percpu=True)
    shares = [share / 100 for core, share in enumerate(busy) if core in usable]
    free = len(shares) - sum(shares) + NEARLY_IDLE
    return max(1, int(free) // processes)


def _usable() -> set[int]:
    if hasattr(os, "sched_getaffinity"):
        return os.sched_getaffinity(0)
    return set(range(os.cpu_count() or 1))
