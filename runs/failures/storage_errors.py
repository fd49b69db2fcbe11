"""Recognise errors of a disk that is full or cannot be written, and explain them with the cure. Pure.

They come from the system, from SQLite and from PostgreSQL, and are often wrapped by others. No sentence names a folder
of the server: users without access to it learn nothing of it, and its administrators find it with `manage.py doctor`.
"""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator
from enum import Enum
from pathlib import PurePath


class Trouble(Enum):
    """What is wrong with the disk."""

    FULL = "full"
    READ_ONLY = "read-only"
    FORBIDDEN = "forbidden"
    FAILING = "full or failing"


_OF_THE_SYSTEM = {
    errno.ENOSPC: Trouble.FULL,
    errno.EDQUOT: Trouble.FULL,
    errno.EFBIG: Trouble.FULL,  # a limit on the size of files
    errno.EROFS: Trouble.READ_ONLY,
    errno.EACCES: Trouble.FORBIDDEN,
    errno.EPERM: Trouble.FORBIDDEN,
    errno.EIO: Trouble.FAILING,
}
_OF_SQLITE = {
    sqlite3.SQLITE_FULL: Trouble.FULL,
    sqlite3.SQLITE_IOERR: Trouble.FAILING,  # also what a full disk is to a write-ahead log
    sqlite3.SQLITE_READONLY: Trouble.READ_ONLY,
    sqlite3.SQLITE_CANTOPEN: Trouble.FORBIDDEN,
}
_OF_POSTGRESQL = {
    "53100": Trouble.FULL,
    "25006": Trouble.READ_ONLY,
}
_SAID = {  # by libraries that keep the words alone
    "database or disk is full": Trouble.FULL,
    "disk I/O error": Trouble.FAILING,
    "Input/output error": Trouble.FAILING,
    "No space left on device": Trouble.FULL,
    "Disk quota exceeded": Trouble.FULL,
    "readonly database": Trouble.READ_ONLY,
    "Read-only file system": Trouble.READ_ONLY,
}
_ASK = "Ask an administrator to"
_IN_AN_ANSWER = {
    Trouble.FULL: (
        f"The server's disk is full. {_ASK} free some space (manage.py doctor says where), then send it again."
    ),
    Trouble.READ_ONLY: (
        f"The server's disk cannot be written: it is read-only. {_ASK} make it writable (manage.py doctor says where), "
        "then send it again."
    ),
    Trouble.FORBIDDEN: (
        f"The server's account may not use one of its own files. {_ASK} give it the right (manage.py doctor says "
        "where), then send it again."
    ),
    Trouble.FAILING: (
        f"The server's disk is full or fails. {_ASK} look at it (manage.py doctor, the system's log), "
        "then send it again."
    ),
}
_OF_A_RUN = {
    Trouble.FULL: "The disk is full. Free some space where the run files lie, then submit it again.",
    Trouble.READ_ONLY: (
        "The folder of the run files cannot be written: its disk is read-only. "
        f"{_ASK} make it writable (manage.py doctor says where), then resume the run or run it again."
    ),
    Trouble.FORBIDDEN: (
        "The server's account may not use a file that the run needs. "
        f"{_ASK} give it the right: to write the run files (manage.py doctor), to read the data. "
        "Then resume the run or run it again."
    ),
    Trouble.FAILING: (
        f"The disk of the run files is full or fails. {_ASK} look at it (manage.py doctor, the system's log), "
        "then resume the run or run it again."
    ),
}


def trouble_of(error: BaseException) -> Trouble | None:
    """Determine what is wrong with the disk, if the error or one that led to it says so.

    A refused right that was dealt with, before something else went wrong, explains nothing.
    """
    for link, is_cause in _chain(error):
        found = _of_one(link)
        if found and (is_cause or found is not Trouble.FORBIDDEN):
            return found
    return None


def of_a_request(error: BaseException) -> str | None:
    """Explain the error to the sender of a request; None for errors of other kinds."""
    found = trouble_of(error)
    return _IN_AN_ANSWER[found] if found else None


def of_a_run(error: BaseException) -> str | None:
    """Explain the error as the reason of a run's end; None for errors of other kinds."""
    found = trouble_of(error)
    return _OF_A_RUN[found] if found else None


def without_folders(error: OSError) -> str:
    """Return the system's message with the names of files, without their folders."""
    if error.strerror is None:
        return str(error)
    names = [PurePath(str(name)).name for name in (error.filename, error.filename2) if name is not None]
    return f"{error.strerror}: {' -> '.join(map(repr, names))}" if names else str(error.strerror)


def _of_one(link: BaseException) -> Trouble | None:
    if isinstance(link, OSError) and link.errno is not None:
        found = _OF_THE_SYSTEM.get(link.errno)
        # Without a file's name it was a process or a socket that might not be used.
        return None if found is Trouble.FORBIDDEN and link.filename is None else found
    if isinstance(link, sqlite3.Error):
        return _OF_SQLITE.get(getattr(link, "sqlite_errorcode", -1) & 0xFF)
    if found := _OF_POSTGRESQL.get(getattr(link, "sqlstate", None) or ""):
        return found
    said = str(link)
    return next((trouble for words, trouble in _SAID.items() if words in said), None)


def _chain(error: BaseException) -> Iterator[tuple[BaseException, bool]]:
    """Yield the error and what led to it, and whether it was named as the cause.

    Torch reports a full disk as a failed assertion of its own, so what is only its context counts too.
    """
    link: BaseException | None = error
    is_cause = True
    while link is not None:
        yield link, is_cause
        is_cause = is_cause and link.__cause__ is not None
        link = link.__cause__ or (None if link.__suppress_context__ else link.__context__)
