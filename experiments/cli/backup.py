"""Backs up everything into a folder that a server can be started with as LIVETRAIN_HOME.

Safe beside a running server. Files are copied before and after the database, so that a checkpoint which the database
names is there, although a running training removes old ones. Decoded images are left out: they are made again when
needed.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from django.conf import settings
from django.db import connection

from experiments.models import uploads_root
from runs import atomic_files, private_files
from runs.derived_models import StoredFile
from runs.events import utc_now
from runs.files import store, stored_files
from runs.files.store import StoreError

MARKER = "backup.json"
DATABASE = "livetrain.sqlite3"
SAME_MOMENT_NS = 50_000_000
"""How long the clock of a file system may stand still: two writings in one moment have the same time."""


class BackupRefused(Exception):
    """The back-up cannot be made; the sentence names the cure."""


class Copied(NamedTuple):
    """How many files were new or had changed, their bytes, and those of the database (None: it is not included)."""

    files: int
    size: int
    database: int | None = None


def back_up(target: Path) -> Copied:
    """Write or renew the back-up in that folder. Raises BackupRefused, OSError, StoreError.

    What has been removed from the server stays in an older back-up's folder. A PostgreSQL database is not copied. Like
    the home itself, the folder is made private to the server's account, even if it was created by hand before.
    """
    _require_place(target)
    target.mkdir(parents=True, exist_ok=True)
    private_files.withhold(target)  # before anything is in it
    atomic_files.write(target / MARKER, json.dumps({"begun": utc_now(), "complete": False}).encode())
    before = _copy_files(target)
    database = _copy_database(target / DATABASE) if connection.vendor == "sqlite" else None
    after = _copy_files(target)
    for path in private_files.inside(target):  # of earlier versions
        private_files.withhold(path)
    atomic_files.write(target / MARKER, json.dumps({"made": utc_now(), "complete": True}).encode())
    return Copied(before.files + after.files, before.size + after.size, database)


def folders() -> dict[str, Path]:
    """Return the folders to copy, by their place in a home."""
    return {
        "runs": Path(settings.RUNS_ROOT),
        "datasets/uploads": uploads_root(),
        "models": Path(settings.MODELS_ROOT),
        "preflights": Path(settings.PREFLIGHTS_ROOT),
        "model-jobs": Path(settings.MODEL_JOBS_ROOT),
        "secrets": Path(settings.LIVETRAIN_HOME) / "secrets",
    }


def _require_place(target: Path) -> None:
    if target.resolve().is_relative_to(Path(settings.LIVETRAIN_HOME).resolve()):
        raise BackupRefused(f"{target} lies in the server's own folder: choose one outside, best on another disk.")
    if target.exists() and not target.is_dir():
        raise BackupRefused(f"{target} is a file: name a folder.")
    if target.is_dir() and any(target.iterdir()) and not (target / MARKER).is_file():
        raise BackupRefused(
            f"{target} is not empty and not a back-up: name a new folder, or that of an earlier back-up."
        )


def _copy_files(target: Path) -> Copied:
    copied = [size for place, source in folders().items() for size in _copy_new(source, target / place)]
    if store.in_use():
        copied += _copy_stored(target / "runs")
    return Copied(len(copied), sum(copied))


def _copy_stored(target: Path) -> Iterator[int]:
    """Copy files from the object store to where a server without one looks for them; yield their bytes.

    Files that lie in a folder of this machine and are as new have been copied from there.
    """
    for row in StoredFile.objects.select_related("run").order_by("pk").iterator():
        folder = target / str(row.run_id)
        here = stored_files.read_attempt_marker(row.run.folder)
        if (here is None or here < row.attempt) and not stored_files.is_here(row, folder) and _fetch(row, folder):
            yield row.size


def _fetch(row: StoredFile, folder: Path) -> bool:
    """Fetch one stored file. False: it was replaced or removed meanwhile, as files of a running training are."""
    try:
        stored_files.restore(row, folder)
    except StoreError:
        if StoredFile.objects.filter(pk=row.pk, key=row.key).exists():
            raise
        return False
    return True


def _copy_new(source: Path, target: Path) -> Iterator[int]:
    """Copy what is new or has changed below `source`; yield the bytes of each file. Links are not followed."""
    for folder, _, names in os.walk(source):
        inside = target / Path(folder).relative_to(source)
        inside.mkdir(parents=True, exist_ok=True)
        for name in names:
            path, copy = Path(folder, name), inside / name
            if name.endswith(".tmp") or path.is_symlink() or not path.is_file():
                continue  # temporary files become files of another name when they are whole
            try:
                if not _same(path, copy):
                    yield _copy(path, copy)
            except FileNotFoundError:
                continue  # replaced or removed meanwhile, as checkpoints are


def _same(path: Path, copy: Path) -> bool:
    """Return whether the file is the one that was copied: not where it may have been written again just after that."""
    old, new = path.stat(), copy.stat() if copy.is_file() else None
    if new is None or (old.st_size, old.st_mtime_ns) != (new.st_size, new.st_mtime_ns):
        return False
    return new.st_ctime_ns - old.st_mtime_ns > SAME_MOMENT_NS


def _copy(path: Path, copy: Path) -> int:
    """Copy a file whole or not at all, with its times, and with its rights as far as the umask allows.

    The times are those of what is read: by its name there may be another file already, which is not the one copied.
    """
    temporary = copy.with_name(f"{copy.name}.tmp")
    with path.open("rb") as file, temporary.open("wb") as written:
        status = os.fstat(file.fileno())
        shutil.copyfileobj(file, written)
    temporary.chmod(status.st_mode & 0o7777)
    private_files.withhold(temporary)
    os.utime(temporary, ns=(status.st_atime_ns, status.st_mtime_ns))
    temporary.replace(copy)
    return copy.stat().st_size


def _copy_database(copy: Path) -> int:
    """Copy a snapshot of the database without free pages, and return its bytes; writers are not blocked (WAL)."""
    with atomic_files.replacing(copy) as temporary:
        with connection.cursor() as cursor:
            cursor.execute("VACUUM INTO %s", [str(temporary)])
        with closing(sqlite3.connect(temporary)) as written:
            [(verdict,)] = written.execute("PRAGMA quick_check(1)").fetchall()
        if verdict != "ok":
            raise BackupRefused(f"The database is damaged ({verdict}): keep earlier back-ups, and restore the newest.")
    return copy.stat().st_size
