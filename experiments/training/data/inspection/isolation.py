"""How a process that opens files from outside bounds itself, before it opens the first. Pure."""

from __future__ import annotations

import os
import resource
import signal
from typing import IO

NICENESS = 10  # trainings and pages go first
LEAST_MEMORY_BYTES = 4 * 2**30


def bound(
    *,
    address_space: int | None = None,
    memory: int | None = None,
    cpu_seconds: int | None = None,
    niceness: int = NICENESS,
) -> None:
    """Whatever a file makes its parser do, let the machine go on; limits in bytes and seconds, None sets none.

    `address_space` counts all that is mapped, `memory` only what is the process's own: large files may be mapped.
    """
    os.nice(niceness)
    limits = {resource.RLIMIT_AS: address_space, resource.RLIMIT_DATA: memory, resource.RLIMIT_CPU: cpu_seconds}
    for kind, limit in limits.items():
        if limit is not None:
            hard = resource.getrlimit(kind)[1]
            allowed = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
            resource.setrlimit(kind, (allowed, allowed))


def end_after(*, cpu_seconds: float, seconds: float) -> None:
    """Have the kernel end this process by SIGPROF or SIGALRM, whatever code it runs then; a later call starts again."""
    for timer, number, limit in (
        (signal.ITIMER_PROF, signal.SIGPROF, cpu_seconds),
        (signal.ITIMER_REAL, signal.SIGALRM, seconds),
    ):
        signal.signal(number, signal.SIG_DFL)
        signal.setitimer(timer, limit)


def half_of_the_memory() -> int:
    """Return half of this machine's memory in bytes, but no less than what any data set may take."""
    return max(LEAST_MEMORY_BYTES, os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2)


def take_output() -> IO[bytes]:
    """Return the standard output for answers alone: what libraries print goes to the standard error from now on."""
    output = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return output
