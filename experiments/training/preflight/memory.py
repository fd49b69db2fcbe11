"""The most memory that something took."""

from __future__ import annotations

import resource
import sys
from pathlib import Path

STATUS = Path("/proc/self/status")
RESET = Path("/proc/self/clear_refs")


def forget_peak() -> None:
    """From now on `peak` counts anew, where the system can do that (Linux)."""
    try:
        RESET.write_text("5")
    except OSError:
        return


def peak() -> int | None:
    """Bytes that this process had in memory at most; None where the system does not tell."""
    try:
        lines = STATUS.read_text().splitlines()
    except OSError:
        used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return used if sys.platform == "darwin" else used * 1024
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:")), None)
