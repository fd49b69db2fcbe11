"""Diagnoses the folders and the object store: space, rights, secrets, and folders that belong to no run."""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from django.conf import settings

from experiments.doctor.finding import Finding
from experiments.server import private_home
from runs import private_files
from runs.files import store
from runs.files.store import StoreError
from runs.models import Run

GIB = 2**30
LEAST_BYTES = GIB  # below it, the next checkpoint may not fit
SCARCE_BYTES = 10 * GIB


def diagnose() -> Iterator[Finding]:
    """Diagnose the home, its secrets, the object store and each data root, without the database."""
    yield _home(Path(settings.LIVETRAIN_HOME))
    yield _rights(Path(settings.LIVETRAIN_HOME))
    yield _room(Path(settings.LIVETRAIN_HOME))
    yield _secret(Path(settings.LIVETRAIN_HOME) / "secrets" / "django.key")
    if store.in_use():
        yield _object_store()
    yield from (_data_root(root) for root in settings.LIVETRAIN_DATA_ROOTS)


def diagnose_run_folders() -> Finding:
    """Report folders of runs that the database does not know."""
    root = Path(settings.RUNS_ROOT)
    numbers = {int(path.name) for path in root.iterdir() if path.name.isdecimal()} if root.is_dir() else set()
    orphans = sorted(numbers - set(Run.objects.values_list("pk", flat=True)))
    if not orphans:
        return Finding("ok", "run folders", f"{len(numbers)}, each of a run")
    names = ", ".join(map(str, orphans[:10])) + (", …" if len(orphans) > 10 else "")
    cure = "After restoring a back-up, restore the database that belongs to it; otherwise move these folders away."
    return Finding("warn", "run folders", f"{len(orphans)} in {root} belong to no run: {names}", cure)


def _home(home: Path) -> Finding:
    try:
        with tempfile.TemporaryFile(dir=home) as file:
            file.write(b"x")
    except OSError as error:
        cure = f"Give the user of the server the folder (chown -R {os.geteuid()} {home}), or free some space."
        return Finding("fail", "home", f"{home} cannot be written: {error.strerror}", cure)
    return Finding("ok", "home", f"{home} can be written")


def _rights(home: Path) -> Finding:
    """Report whether other accounts may read the home: the database in it holds everybody's tokens."""
    found = private_files.exposed([home, *private_home.keys()])
    if not found:
        group = "" if settings.UMASK & 0o040 else " (and its group read)"
        return Finding("ok", "rights", f"only the server's account may use{group} the home and the database")
    names = ", ".join(map(str, found[:5])) + (", …" if len(found) > 5 else "")
    rights = "go-rwx" if settings.UMASK & 0o040 else "g-w,o-rwx"
    cure = f"Run: chmod {rights} {' '.join(map(str, found[:5]))} (each start of the server does it, where it may)."
    return Finding("fail", "rights", f"other accounts of this machine may use {names}", cure)


def _room(home: Path) -> Finding:
    free = shutil.disk_usage(home).free
    text, cure = (
        f"{free / GIB:.1f} GiB free",
        "Free some space: manage.py prune --checkpoints shows how much old runs take.",
    )
    if free >= SCARCE_BYTES:
        return Finding("ok", "disk", text)
    return Finding("fail" if free < LEAST_BYTES else "warn", "disk", text, cure)


def _secret(path: Path) -> Finding:
    if not path.is_file():
        return Finding("ok", "secrets", "the secret key comes from the environment")
    others = path.stat().st_mode & 0o077
    if others:
        return Finding("fail", "secrets", f"others than its owner may use {path}", f"Run: chmod 600 {path}")
    return Finding("ok", "secrets", "readable by their owner alone")


def _object_store() -> Finding:
    """Write, read, list and remove an object, as trainings do."""
    key, content = f"doctor/{secrets.token_hex(8)}", secrets.token_bytes(64)
    try:
        bucket = store.bucket()
        bucket.put(key, BytesIO(content), "application/octet-stream")
        read = b"".join(bucket.pieces(key, len(content) + 1))
        listed = any(name == key for name, _ in bucket.objects(key))
        bucket.remove(key)
    except (StoreError, FileNotFoundError, ImportError) as error:
        cure = "Trainings continue without it; what they write is stored when it works. Packages: make setup EXTRAS=s3."
        return Finding("fail", "object store", f"{store.address()}: {error}", cure)
    if read != content or not listed:
        cure = "Look for a proxy or cache between that answers in its place."
        return Finding("fail", "object store", f"{store.address()} does not return what was just written", cure)
    return Finding("ok", "object store", f"{store.address()} can be written, read, listed and removed from")


def _data_root(root: Path) -> Finding:
    if not root.is_dir():
        return Finding(
            "fail", "data root", f"{root} is not a folder", "Mount or create it, or take it out of the setting."
        )
    if not os.access(root, os.R_OK | os.X_OK):
        return Finding("fail", "data root", f"{root} cannot be read", f"Run: chmod o+rx {root}, or add a group.")
    return Finding("ok", "data root", f"{root} can be read")
