"""The names of a training's log files in a run's folder, for their writers and readers. Pure."""

from __future__ import annotations


def log_name(rank: int) -> str:
    """Return the name of the file with the output of one process of the training, in all attempts."""
    return f"train.rank{rank}.log" if rank else "train.log"


def start_name(attempt: int, log: str) -> str:
    """Return the name of the file with the byte of that log, a decimal number, at which the attempt begins."""
    return f"attempts/{attempt}/{log}.start"
