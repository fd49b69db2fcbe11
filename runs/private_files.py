"""Which accounts of the machine may use a file: what the umask withholds, existing files must not grant either. Pure.

Nothing here ever grants a right.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path


def umask() -> int:
    """This process' umask; asking for it means to set it, for a moment to the strictest."""
    current = os.umask(0o077)
    os.umask(current)
    return current


def file_mode() -> int:
    """Of a new file."""
    return 0o666 & ~umask()


def exposed(paths: Iterable[Path]) -> list[Path]:
    """Those that somebody may use from whom the umask withholds it; links are not followed."""
    mask = umask()
    return [path for path in paths if _granted(path) & mask]


def withhold(path: Path) -> bool:
    """Take from the file or folder what the umask withholds. False: that is not ours to do, or it is gone."""
    mask, granted = umask(), _granted(path)
    if not granted & mask:
        return True
    try:
        path.chmod(granted & ~mask)
    except OSError:  # of another account, or on a read-only disk; `doctor` names it
        return False
    return True


def inside(folder: Path) -> Iterator[Path]:
    """Everything below the folder, at any depth."""
    for place, folders, files in os.walk(folder):
        yield from (Path(place, name) for name in (*folders, *files))


def _granted(path: Path) -> int:
    """The rights of all; none for a link, whose own rights mean nothing, and for what is gone."""
    try:
        found = path.lstat().st_mode
    except OSError:
        return 0
    return 0 if stat.S_ISLNK(found) else stat.S_IMODE(found)
