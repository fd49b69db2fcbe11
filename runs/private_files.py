"""Find and correct files that more accounts of the machine may use than the umask allows. Pure.

Nothing here ever grants a right.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path


def umask() -> int:
    """Return this process's umask; reading it requires setting it, for a moment to the strictest."""
    current = os.umask(0o077)
    os.umask(current)
    return current


def file_mode() -> int:
    """Return the mode of a new file."""
    return 0o666 & ~umask()


def exposed(paths: Iterable[Path]) -> list[Path]:
    """Return the paths that grant a right which the umask withholds; links are not followed."""
    mask = umask()
    return [path for path in paths if _granted(path) & mask]


def withhold(path: Path) -> bool:
    """Remove the rights that the umask withholds. False: another account owns the path, or it is gone."""
    mask, granted = umask(), _granted(path)
    if not granted & mask:
        return True
    try:
        path.chmod(granted & ~mask)
    except OSError:  # of another account, or on a read-only disk; `doctor` names it
        return False
    return True


def inside(folder: Path) -> Iterator[Path]:
    """Yield everything below the folder, at any depth."""
    for place, folders, files in os.walk(folder):
        yield from (Path(place, name) for name in (*folders, *files))


def _granted(path: Path) -> int:
    """Return the rights of all accounts; none for a link, whose own rights mean nothing, and for a missing file."""
    try:
        found = path.lstat().st_mode
    except OSError:
        return 0
    return 0 if stat.S_ISLNK(found) else stat.S_IMODE(found)
