"""Compare the database with this version's tables, and migrate it."""

from __future__ import annotations

import fcntl
import hashlib
import pkgutil
from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import IO, Any

import django
from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder


def bring_up_to_date() -> None:
    """Migrate the database; one process per machine does it, the others wait.

    Commands therefore work before `serve` has run. Where this has been done to its end for the same database and the
    same migrations, and the database has them all, nothing is loaded: a tenth of the time that a server needs to start.
    """
    with (settings.LIVETRAIN_HOME / "migrate.lock").open("a+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = fingerprint(connection.settings_dict)
        if _read(lock) == done and not _missing():
            return
        lock.truncate(0)
        call_command("migrate", verbosity=0, interactive=False)
        lock.write(done)


def unapplied_migrations() -> list[str]:
    """List `app.name` of each migration that this version has and the database lacks, in order of the apps."""
    return [f"{app}.{name}" for app, name in _missing()]


def _missing() -> list[tuple[str, str]]:
    """Compare names alone: Django's own comparison imports all migrations, to find in which order to apply them."""
    applied = MigrationRecorder(connection).applied_migrations()
    return [migration for migration in _installed() if migration not in applied]


def _installed() -> Iterator[tuple[str, str]]:
    """Yield app and name of each migration that is installed, as Django's loader finds them."""
    for app in apps.get_app_configs():
        package, explicit = MigrationLoader.migrations_module(app.label)
        if package is None:
            continue
        try:
            folder = import_module(package).__path__
        except ModuleNotFoundError:  # an app without tables
            if explicit:
                raise
            continue
        yield from ((app.label, one.name) for one in pkgutil.iter_modules(folder) if _is_migration(one))


def _is_migration(module: pkgutil.ModuleInfo) -> bool:
    return not module.ispkg and module.name[0] not in "_~"


def _read(lock: IO[str]) -> str:
    lock.seek(0)
    return lock.read()


def fingerprint(database: Mapping[str, Any]) -> str:
    """Return what identifies the database of these settings and all that `migrate` would do in it."""
    parts = [django.__version__, *(str(database[name]) for name in ("ENGINE", "HOST", "PORT", "NAME"))]
    parts += [f"{app}.{name}" for app, name in _installed()]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
