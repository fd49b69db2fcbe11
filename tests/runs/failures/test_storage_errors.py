"""A full or read-only disk is recognised by the errors that the system and the databases raise."""

from __future__ import annotations

import errno
import os
import sqlite3
from pathlib import Path

import pytest
from django.db import OperationalError

from runs.failures import storage_errors
from runs.failures.storage_errors import Trouble, of_a_request, of_a_run, trouble_of, without_folders


class OfPostgreSQL(Exception):
    """As psycopg's errors are: with a state."""

    def __init__(self, sqlstate: str) -> None:
        super().__init__("told by the server")
        self.sqlstate = sqlstate


def of_sqlite(folder: Path, *statements: str, read_only: bool = False) -> sqlite3.Error:
    """Return the error that SQLite really raises."""
    path = folder / "a.sqlite3"
    database = sqlite3.connect(path)
    database.executescript("CREATE TABLE IF NOT EXISTS t (a)")
    if read_only:
        database = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    *before, last = statements
    for statement in before:
        database.execute(statement)
    with pytest.raises(sqlite3.Error) as raised:
        database.execute(last)
    database.close()
    return raised.value


def caused(error: Exception, cause: BaseException) -> Exception:
    error.__cause__ = cause
    return error


def test_what_sqlite_says(tmp_path: Path) -> None:
    full = of_sqlite(tmp_path, "PRAGMA max_page_count = 2", "INSERT INTO t VALUES (zeroblob(100000))")
    assert trouble_of(caused(OperationalError(*full.args), full)) is Trouble.FULL
    assert trouble_of(OperationalError("database or disk is full")) is Trouble.FULL
    read_only = of_sqlite(tmp_path, "INSERT INTO t VALUES (1)", read_only=True)
    assert trouble_of(read_only) is Trouble.READ_ONLY
    assert trouble_of(OperationalError("disk I/O error")) is Trouble.FAILING
    assert trouble_of(of_sqlite(tmp_path, "SELECT * FROM nowhere")) is None
    assert trouble_of(OperationalError("database is locked")) is None


def test_what_postgresql_says() -> None:
    assert trouble_of(caused(OperationalError("x"), OfPostgreSQL("53100"))) is Trouble.FULL
    assert trouble_of(caused(OperationalError("x"), OfPostgreSQL("25006"))) is Trouble.READ_ONLY
    assert trouble_of(caused(OperationalError("x"), OfPostgreSQL("57P01"))) is None


@pytest.mark.parametrize(
    ("number", "trouble"),
    [
        (errno.ENOSPC, Trouble.FULL),
        (errno.EDQUOT, Trouble.FULL),
        (errno.EFBIG, Trouble.FULL),
        (errno.EROFS, Trouble.READ_ONLY),
        (errno.EACCES, Trouble.FORBIDDEN),
        (errno.EPERM, Trouble.FORBIDDEN),
        (errno.EIO, Trouble.FAILING),
        (errno.ENOENT, None),
        (errno.ECONNREFUSED, None),
    ],
)
def test_what_the_system_says(number: int, trouble: Trouble | None) -> None:
    error = OSError(number, os.strerror(number), "/srv/home/runs/7/.x.tmp")
    assert trouble_of(error) is trouble
    assert trouble_of(caused(RuntimeError("file write failed"), error)) is trouble
    for sentence in (of_a_request(error), of_a_run(error)):
        assert (sentence is None) == (trouble is None)
        assert "/srv" not in (sentence or "")
        assert (sentence or "a cure.").endswith(".")
    assert without_folders(error) == f"{os.strerror(number)}: '.x.tmp'"


def after(first: OSError, *, taken_back: bool) -> ValueError:
    """Return an error raised while another was handled."""
    error = ValueError("boom")
    error.__context__, error.__suppress_context__ = first, taken_back
    return error


def test_a_refused_right_that_was_dealt_with_explains_nothing() -> None:
    forbidden = PermissionError(errno.EACCES, "Permission denied", "/etc/shadow")
    full = OSError(errno.ENOSPC, "No space left on device")
    assert trouble_of(after(forbidden, taken_back=False)) is None
    assert trouble_of(after(full, taken_back=False)) is Trouble.FULL
    assert trouble_of(after(full, taken_back=True)) is None
    assert trouble_of(PermissionError(errno.EPERM, "Operation not permitted")) is None, "no file was named"


def test_a_real_full_device() -> None:
    with pytest.raises(OSError, match="No space left") as raised, Path("/dev/full").open("wb", buffering=0) as file:
        file.write(b"x")
    assert trouble_of(raised.value) is Trouble.FULL


def test_two_names_stay_without_their_folders() -> None:
    error = OSError(errno.EXDEV, "Invalid cross-device link", "/srv/a/one", None, "/srv/b/two")
    assert without_folders(error) == "Invalid cross-device link: 'one' -> 'two'"
    assert without_folders(storage_errors_without_number()) == "The store said no."


def storage_errors_without_number() -> OSError:
    """Make errors like those of the object store."""
    assert storage_errors.trouble_of(OSError("The store said no.")) is None
    return OSError("The store said no.")
