"""Removes what fork servers of killed workers left in the folder for temporary files: a dead socket each."""

from __future__ import annotations

import contextlib
import os
import socket
import tempfile
import time
from pathlib import Path

_FOLDERS = "pymp-*"  # as Python's multiprocessing names them
_SOCKETS = "listener-*"
YOUNG_SECONDS = 5.0  # a socket that was just made may not be listened on yet


def remove_dead_sockets() -> int:
    """Of this user's processes, those on which nobody listens any more; returns how many."""
    removed = 0
    for folder in Path(tempfile.gettempdir()).glob(_FOLDERS):
        with contextlib.suppress(OSError):  # somebody else removes it just now, or may not be looked at
            if folder.is_symlink() or folder.stat().st_uid != os.geteuid():
                continue
            dead = [path for path in folder.glob(_SOCKETS) if _is_dead(path)]
            for path in dead:
                path.unlink()
                removed += 1
            if dead:
                folder.rmdir()  # refuses while there is anything else in it
    return removed


def _is_dead(path: Path) -> bool:
    """Whether the system says so: whoever is merely busy has his connections queued."""
    if not path.is_socket() or time.time() - path.stat().st_mtime < YOUNG_SECONDS:
        return False
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.setblocking(False)
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            return True
        except OSError:
            return False
    return False
