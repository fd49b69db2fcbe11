"""Measure the peak memory of this process."""

from __future__ import annotations

import resource
import sys
from pathlib import Path

STATUS = Path("/proc/self/status")
RESET = Path("/proc/self/clear_refs")


def reset_peak() -> None:
    """Reset the peak to the current use, where the system supports it (Linux)."""
    try:
        RESET.write_text("5")
    except OSError:
        return


def peak() -> int | None:
    """Return the most bytes that this process had in memory; None where the system does not say."""
    try:
        lines = STATUS.read_text().splitlines()
    except OSError:
        used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return used if sys.platform == "darwin" else used * 1024
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:")), None)
