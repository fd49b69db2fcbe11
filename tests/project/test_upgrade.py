"""A database of the first version, migrated as an operator does it: nothing is lost, all can be read."""

from __future__ import annotations

import csv
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
import pytest

from tests.installation import ROOT, Installation
from tests.project.old_database import EPOCHS
from tests.project.tokens_in_clear import TEXT
from tests.services.parts import empty_database


def home_with(database: str, tmp_path: Path) -> Installation:
    """Make a home with the database that a module of this folder writes."""
    installation = Installation(tmp_path / "home", **empty_database())
    command = [sys.executable, "-m", f"tests.project.{database}"]
    environment = installation.environment | {"DJANGO_SETTINGS_MODULE": "project.settings"}
    subprocess.run(command, env=environment, cwd=ROOT, check=True, timeout=120)
    return installation


@pytest.fixture
def old(tmp_path: Path) -> Installation:
    """Make a home with a database of the first version."""
    return home_with("old_database", tmp_path)


Table = tuple[list[str], list[tuple[Any, ...]]]
"""The names of its columns, and its rows."""


class Upgraded(NamedTuple):
    """A database of the version before this one, migrated, and what was in it before."""

    home: Installation
    before: dict[str, Table]
    files_with_the_token: list[Path]


@pytest.fixture(scope="module")
def upgraded(tmp_path_factory: pytest.TempPathFactory) -> Upgraded:
    """Migrate a database of the version before this one: once, as most of the time of these tests goes there."""
    home = home_with("released_database", tmp_path_factory.mktemp("released"))
    before = {table: (names, content(home, table, names)) for table in tables(home) for names in [columns(home, table)]}
    files = files_with(home, TEXT)
    home.manage("migrate")
    return Upgraded(home, before, files)


def files_with(installation: Installation, text: str) -> list[Path]:
    """List the files of the SQLite database that hold a text in clear."""
    files = installation.home.glob("livetrain.sqlite3*")
    return [path for path in files if text.encode() in path.read_bytes()]


def rows(installation: Installation, query: str) -> list[tuple[Any, ...]]:
    if address := installation.environment.get("DATABASE_URL"):
        with psycopg.connect(address) as connection:
            return connection.execute(query.encode()).fetchall()
    with closing(sqlite3.connect(installation.home / "livetrain.sqlite3")) as database:
        return database.execute(query).fetchall()


def test_the_first_versions_runs_come_through_every_migration(old: Installation) -> None:
    assert rows(old, "SELECT name FROM django_migrations WHERE app = 'runs'") == [("0001_initial",)]
    journal = "SELECT run_id, seq, type, data FROM runs_runevent ORDER BY id"
    numbers = "SELECT run_id, epoch, metric_name, value FROM runs_runmetric ORDER BY id"
    before = rows(old, journal), rows(old, numbers)
    assert len(before[0]) == len(before[1]) == 4 * EPOCHS
    old.manage("migrate")
    applied = [name for (name,) in rows(old, "SELECT name FROM django_migrations WHERE app = 'runs' ORDER BY name")]
    there = sorted(path.stem for path in (ROOT / "runs" / "migrations").glob("0*.py"))
    assert applied == there
    assert (rows(old, journal), rows(old, numbers)) == before
    # Time was counted from the first start to the end; now it is that of attempts that are over.
    spent = rows(
        old, "SELECT status, spent_seconds, duration_seconds, attempt_start = start_time FROM runs_run ORDER BY id"
    )
    assert spent == [
        ("completed", 75.5, 75.5, None),
        ("in_progress", 0.0, None, 1),
        ("failed", 3.25, 3.25, None),
        ("queued", 0.0, None, None),
    ]
    old.manage("export", "1")
    written = list(csv.DictReader((old.home / "runs" / "1" / "metrics.csv").open()))
    assert [float(row["val_loss"]) for row in written] == [1.0, 1 / 2, 1 / 3, 1 / 4, 1 / 5]


OURS = ("runs_", "experiments_", "auth_user")


def all_tables(installation: Installation) -> list[tuple[str]]:
    """List all tables, on either database."""
    if "DATABASE_URL" in installation.environment:
        return rows(installation, "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()")
    return rows(installation, "SELECT name FROM sqlite_master WHERE type = 'table'")


def tables(installation: Installation) -> list[str]:
    """List our tables."""
    return sorted(name for (name,) in all_tables(installation) if name.startswith(OURS))


def columns(installation: Installation, table: str) -> list[str]:
    """List the columns of a table."""
    if "DATABASE_URL" in installation.environment:
        query = f"SELECT column_name FROM information_schema.columns WHERE table_name = '{table}'"
        return sorted(name for (name,) in rows(installation, query))
    return sorted(name for (name,) in rows(installation, f"SELECT name FROM pragma_table_info('{table}')"))


def content(installation: Installation, table: str, names: list[str]) -> list[tuple[Any, ...]]:
    """Read the rows of a table in those columns, in the order of the first."""
    return rows(installation, f"SELECT {', '.join(names)} FROM {table} ORDER BY 1")


def test_an_upgrade_keeps_each_table_column_and_row(upgraded: Upgraded) -> None:
    home = upgraded.home
    filled = {table for table, (_, found) in upgraded.before.items() if found}
    assert {"runs_run", "runs_runevent", "runs_runmetric", "runs_worker", "experiments_dataset"} <= filled
    assert {"experiments_preflight", "experiments_upload", "runs_runsamples", "runs_storedfile"} <= filled
    assert set(upgraded.before) <= set(tables(home))
    for table, (names, found) in upgraded.before.items():
        assert set(names) <= set(columns(home, table)), table
        assert content(home, table, names) == found, table
    # What is new is empty: nobody lost this report, no process of these runs crashed, no thread failed.
    assert rows(home, "SELECT losses FROM experiments_preflight") == [(0,)]
    assert rows(home, "SELECT DISTINCT crashes FROM runs_run") == [(0,)]
    assert rows(home, "SELECT DISTINCT CAST(execution AS TEXT) FROM runs_run") == [("[]",)]
    assert rows(home, "SELECT DISTINCT recalibration FROM runs_run") == [(None,)]
    assert rows(home, "SELECT COUNT(*) FROM runs_splitlook") == [(0,)]
    assert rows(home, "SELECT worker, losses FROM experiments_dataset ORDER BY id") == [("", 1), ("", 0)]
    # What the first run with an option has is its common value; of the second run, one option differs.
    common = "SELECT name, since, common_number, common_text FROM runs_knowncolumn WHERE kind = 'config' ORDER BY name"
    names = ["network", "seed", "trainer.max_epochs"]
    assert rows(home, common) == [(names[0], 2, None, "cnn"), (names[1], 1, 42, None), (names[2], 1, 3, None)]
    differing = "FROM runs_optionvalue v JOIN runs_knowncolumn c ON c.id = v.column_id"
    assert rows(home, f"SELECT run_id, name, number, text {differing}") == [(2, names[2], 9, None)]


def test_tokens_in_clear_go_on_as_digests(upgraded: Upgraded) -> None:
    """Programs that send them notice nothing; the database and its file hold them no more."""
    home = upgraded.home
    assert upgraded.files_with_the_token or "DATABASE_URL" in home.environment
    script = """
import django
django.setup()
from accounts.credentials import user_of_token
from accounts.models import APIToken
user, token = user_of_token({text!r})
print(user.username, token.name, token.scope, token.is_migrated, round((token.expiry - token.created).days / 10))
"""
    assert home.python(script.format(text=TEXT)) == "ada migrated admin True 18"
    assert rows(home, "SELECT name FROM django_migrations WHERE app = 'authtoken'") == []
    assert not any("authtoken" in name for (name,) in all_tables(home))
    assert files_with(home, TEXT) == []


def test_what_lists_read_of_runs_is_filled_after_the_last_migration_and_made_again_after_going_back(
    upgraded: Upgraded,
) -> None:
    home = upgraded.home
    copied = "SELECT id, owner_id, group_id, status, experiment_name, words FROM runs_listedrun ORDER BY id"
    texts = "LUNGS\nDATASET:CHEST\n\n\n[]\n"
    expected = [(1, 1, 1, "completed", "Lungs", texts), (2, 1, None, "in_progress", "Lungs", texts)]
    assert rows(home, copied) == expected
    home.manage("migrate", "runs", "0028")
    assert "runs_listedrun" not in tables(home)
    home.manage("migrate")
    assert rows(home, copied) == expected
    assert rows(home, "SELECT worker, losses FROM experiments_dataset ORDER BY id") == [("", 1), ("", 0)]


def test_what_there_was_moves_into_the_default_project(tmp_path: Path) -> None:
    earlier = home_with("projects_database", tmp_path)
    assert "access_project" not in [name for (name,) in all_tables(earlier)]
    earlier.manage("migrate")
    assert rows(earlier, "SELECT id, name FROM access_project") == [(1, "Default")]
    for table in ("runs_run", "runs_listedrun", "runs_rungroup", "experiments_dataset", "experiments_preflight"):
        assert rows(earlier, f"SELECT DISTINCT project_id FROM {table}") == [(1,)], table
    assert rows(earlier, "SELECT project_id FROM accounts_apitoken") == [(None,)]
    members = "SELECT username, role FROM access_membership m JOIN auth_user u ON u.id = m.user_id"
    assert rows(earlier, members) == [("ada", "trainer")]
    # The next project has a number of its own, and the triggers are those of this version: they copy it.
    told = earlier.python(
        "import django; django.setup()\n"
        "from access.models import Project\n"
        "from runs.models import Run\n"
        "from runs.derived_models import ListedRun\n"
        "from runs.summaries import listed_runs\n"
        "second = Project.objects.create(name='Second')\n"
        "Run.objects.filter(pk=2).update(project=second)\n"
        "print(second.pk, ListedRun.objects.get(pk=2).project_id, listed_runs.are_kept(), listed_runs.differing())"
    )
    number, copied, kept, differing = told.split()
    assert number == copied != "1"
    assert (kept, differing) == ("True", "0")
    assert earlier.manage("migrate", "--plan").endswith("No planned migration operations.")
