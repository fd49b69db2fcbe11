"""Tell processes that train from the fork server that they are copies of: both have its command line."""

from __future__ import annotations

import os

import psutil


def is_fork_server_or_copy(process: psutil.Process) -> bool:
    """Return whether it is a fork server, or a copy of one."""
    return "forkserver" in " ".join(process.cmdline())


def trains(process: psutil.Process) -> bool:
    """Return whether it is a copy that leads a session of its own, as a fork server of several workers does, too."""
    parent = process.parent()
    is_copy = is_fork_server_or_copy(process) and parent is not None and is_fork_server_or_copy(parent)
    return is_copy and os.getsid(process.pid) == process.pid
