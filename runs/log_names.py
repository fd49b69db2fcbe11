"""Where in a run's folder the output of its training is. Pure: both who writes and who reads it ask here."""

from __future__ import annotations


def log_name(rank: int) -> str:
    """The file that takes what a process of the training prints, in all attempts."""
    return f"train.rank{rank}.log" if rank else "train.log"


def start_name(attempt: int, log: str) -> str:
    """The file that says, as a decimal number, at which byte of that log the attempt begins."""
    return f"attempts/{attempt}/{log}.start"
