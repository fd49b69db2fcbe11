"""System checks of database and object store: a setting that cannot work is refused before anything starts."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error

from runs.files import store

MOUNTS = Path("/proc/self/mountinfo")
NETWORK_FILE_SYSTEMS = ("nfs", "cifs", "smb", "9p", "ceph", "glusterfs", "lustre", "afs", "fuse.sshfs", "fuse.s3fs")


def check_database(**_options: Any) -> list[CheckMessage]:
    """Check that an SQLite database is a file that all processes share, on a disk of this machine."""
    database = settings.DATABASES["default"]
    if database["ENGINE"] != "django.db.backends.sqlite3":
        return []
    name = str(database["NAME"])
    if not name or ":memory:" in name or "mode=memory" in name:
        text = "An SQLite database in memory belongs to one process: workers would never see a run."
        return [Error(text, hint="Set DATABASE_URL to a file or to PostgreSQL, or unset it.", id="runs.E001")]
    kind = file_system(Path(name), MOUNTS.read_text()) if MOUNTS.is_file() else ""
    if kind.startswith(NETWORK_FILE_SYSTEMS):
        text = f"The SQLite database {name} lies on a network file system ({kind}), where its locks do not hold."
        hint = "Put the database on a disk of this machine (DATABASE_URL=sqlite:////…), or use PostgreSQL."
        return [Error(text, hint=hint, id="runs.E002")]
    return []


def check_files(**_options: Any) -> list[CheckMessage]:
    """Check that the packages for a configured object store are installed; sends the store nothing."""
    missing = [name for name in ("storages", "boto3") if find_spec(name) is None]
    if not store.in_use() or not missing:
        return []
    text = f"Files of runs are to be stored in {store.address()}, but the packages for that are not installed."
    return [Error(text, hint="Run: make setup EXTRAS=s3 (or unset LIVETRAIN_FILES).", id="runs.E003")]


def file_system(path: Path, mounts: str) -> str:
    """Return the type of file system that holds `path`; `mounts` is the text of `/proc/self/mountinfo`.

    Fields are separated by blanks: the fifth is the mount point, and the type follows a lone hyphen.
    """
    found, deepest = "", -1
    for line in mounts.splitlines():
        fields, _, kind = line.partition(" - ")
        point = Path(fields.split()[4].replace("\\040", " "))
        # Of two mounts at the same place the later one hides the earlier.
        if path.resolve().is_relative_to(point) and len(point.parts) >= deepest:
            found, deepest = kind.split()[0], len(point.parts)
    return found
