"""A database that is migrated, and one that has the list of metrics too: made once, and copied wherever one is needed.

Making them takes seconds of CPU time. The lanes of `tests.side_by_side` share a folder of them.
"""

from __future__ import annotations

import atexit
import fcntl
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import closing
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

ROOT = Path(__file__).resolve().parent.parent
FOLDER = "LIVETRAIN_TEST_PREPARED"
"""Names the folder that several sessions share."""
ON_POSTGRESQL = "livetrain_prepared"
"""The database of a PostgreSQL server that has the list of metrics; `template1` is migrated."""
COLUMNS = ("key", "metrics")
MIGRATE = """
import sys, django
django.setup()
from django.core.management import call_command
from django.db import connection
call_command("migrate", verbosity=0, interactive=False)
if len(sys.argv) > 1:
    with connection.cursor() as cursor:
        cursor.execute("VACUUM INTO %s", [sys.argv[1]])
"""
LIST_METRICS = """
import sys, django
django.setup()
from django.db import connection
from experiments import metric_list
from experiments.training.metrics import inspection
metric_list.store(inspection.encoded())
with connection.cursor() as cursor:
    cursor.execute("VACUUM INTO %s", [sys.argv[1]])
"""


def migrated() -> Path:
    """Return an SQLite database that has all migrations, and no rows but those which they make."""
    return made("migrated.sqlite3", _migrate)


def listed() -> Path:
    """Return an SQLite database as a worker leaves it that has listed the metrics of the installed library."""
    return made("listed.sqlite3", _list_metrics)


def prepare_postgresql(server: str) -> None:
    """Migrate the database that PostgreSQL copies for each new one, and make one beside it that has the list."""
    template = urlsplit(server)._replace(path="/template1").geturl()
    with tempfile.TemporaryDirectory() as home:
        _run(MIGRATE, Path(home), DATABASE_URL=template)
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(ON_POSTGRESQL)))
    with closing(sqlite3.connect(listed())) as source:
        rows = source.execute(f"SELECT {', '.join(COLUMNS)} FROM experiments_metriclist").fetchall()
    with psycopg.connect(urlsplit(server)._replace(path=f"/{ON_POSTGRESQL}").geturl()) as connection:
        insert = f"INSERT INTO experiments_metriclist ({', '.join(COLUMNS)}) VALUES (%s, %s)"
        connection.cursor().executemany(insert.encode(), rows)


def made(name: str, make: Callable[[Path, Path], None]) -> Path:
    """Return the file or folder of this name in the shared folder; one process makes it, the others wait.

    `make` gets a home of its own, and the path where it is to lie at first.
    """
    folder = _folder()
    path = folder / name
    with (folder / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not path.exists():
            with tempfile.TemporaryDirectory(dir=folder) as home:
                make(Path(home), Path(home) / "whole")
                (Path(home) / "whole").rename(path)
    return path


def _migrate(home: Path, path: Path) -> None:
    _run(MIGRATE, home, str(path))


def _list_metrics(home: Path, path: Path) -> None:
    shutil.copyfile(migrated(), home / "livetrain.sqlite3")
    _run(LIST_METRICS, home, str(path))


def _run(script: str, home: Path, *arguments: str, **environment: str) -> None:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LIVETRAIN_")}
    for name in ("DATABASE_URL", "REDIS_URL", "BROKER_URL"):
        kept.pop(name, None)
    own = {"LIVETRAIN_HOME": str(home), "DJANGO_SETTINGS_MODULE": "project.settings", "OMP_NUM_THREADS": "1"}
    subprocess.run([sys.executable, "-c", script, *arguments], cwd=ROOT, env=kept | own | environment, check=True)


@cache
def _folder() -> Path:
    if shared := os.environ.get(FOLDER):
        return Path(shared)
    own = tempfile.mkdtemp(prefix="livetrain-prepared-")
    atexit.register(shutil.rmtree, own, ignore_errors=True)
    return Path(own)
