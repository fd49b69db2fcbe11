"""Removes stale sockets that fork servers of killed workers left in the folder for temporary files."""

from __future__ import annotations

import contextlib
import os
import tempfile
import time
from pathlib import Path

_FOLDERS = "pymp-*"  # as Python's multiprocessing names them
_SOCKETS = "listener-*"
_BOUND = Path("/proc/net/unix")
YOUNG_SECONDS = 5.0  # a socket that was just made may not be listened on yet


def remove_stale_sockets() -> int:
    """Remove this user's sockets that no process has open any more, and return how many.

    It looks into the system's list instead of connecting, which would kill a fork server, and does nothing where there
    is no such list.
    """
    bound = _bound()
    if bound is None:
        return 0
    removed = 0
    for folder in Path(tempfile.gettempdir()).glob(_FOLDERS):
        with contextlib.suppress(OSError):  # another process is removing it, or it may not be read
            if folder.is_symlink() or folder.stat().st_uid != os.geteuid():
                continue
            dead = [path for path in folder.glob(_SOCKETS) if _is_old_socket(path) and str(path) not in bound]
            for path in dead:
                path.unlink()
                removed += 1
            if dead:
                folder.rmdir()  # refuses while there is anything else in it
    return removed


def _bound() -> set[str] | None:
    """Return the paths of the sockets that some process has open; None where the system does not tell."""
    try:
        lines = _BOUND.read_text(errors="surrogateescape").splitlines()
    except OSError:
        return None
    return {fields[7] for line in lines[1:] if len(fields := line.split(maxsplit=7)) == 8}


def _is_old_socket(path: Path) -> bool:
    return path.is_socket() and time.time() - path.stat().st_mtime > YOUNG_SECONDS
