"""Ends a process when the launcher that started it is gone, however that ended.

The launcher keeps the writing end of a pipe that nothing is ever written to, and passes its reading end down. The
system closes the writing end when the launcher dies, by `kill -9` too, and even before this process began to watch; a
process id could belong to another process by then. `manage.py` begins to watch before anything large is imported.

Imports nothing of the server.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Sequence

OPTION = "--launcher"


class LauncherPipe:
    """The launcher's side of the pipe: the object lives as long as the launcher."""

    def __init__(self, *ends: int) -> None:
        """Take the ends of a pipe that was made before `exec`, or make one."""
        self.ends = ends or os.pipe()
        for end in self.ends:
            os.set_inheritable(end, False)  # no child inherits them unless they are passed on


def option(reading_end: int, patience: float) -> str:
    """Make the argument of a child, which may take `patience` seconds to stop when the launcher is gone."""
    return f"{OPTION}={reading_end}:{patience:g}"


def begin(arguments: Sequence[str]) -> None:
    """Watch the launcher that the arguments name, if any, from a thread that never keeps the process alive."""
    for argument in arguments:
        if argument.startswith(f"{OPTION}="):
            descriptor, patience = argument.removeprefix(f"{OPTION}=").split(":")
            os.set_inheritable(int(descriptor), False)
            threading.Thread(
                target=_watch, args=(int(descriptor), float(patience)), name="launcher watch", daemon=True
            ).start()


def _watch(descriptor: int, patience: float) -> None:
    """Wait for the end of the pipe, then stop this process as an operator would and, if that takes too long, hard."""
    while os.read(descriptor, 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(patience)
    os._exit(1)
