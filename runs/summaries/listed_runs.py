"""Keep `ListedRun` as the runs are: by triggers of the database, so that no writer of a run can forget it.

Both databases run a trigger inside the statement that changes the run. It is called only where a statement names one of
the columns, and writes only where one of them has changed: progress, leases and numbers of events never reach it.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator
from typing import Any, TextIO

from django.db import connection, transaction

COPIED = (
    "owner_id", "group_id", "experiment_name", "source_path", "model_name", "status", "training_mode", "created_at",
    "deleted_at", "final_split", "final_precision", "final_recall", "final_f1", "final_auroc", "project_id",
)  # fmt: skip
SEARCHED = ("experiment_name", "source_path", "model_name", "description", "notes", "reason")
"""The reason comes last: of SQLite's texts, a search sees what is before the first null character."""
TRIGGERS = ("listed_run_added", "listed_run_changed", "listed_run_removed")
SEARCH_INDEX = ("status", "owner_id", "source_path", "model_name", "project_id", "deleted_at", "words")
"""What facets count in their order, which is not sorted then. PostgreSQL has no place for long texts in an index."""
_WATCHED = (*dict.fromkeys((*COPIED, *SEARCHED)), "touched_at")
"""A change of tags touches the run, so that it has another mark then."""
_FILLED = 5_000
_TOLD = 10 * _FILLED


def words(row: str = "") -> str:
    """Write the texts of a run as SQL, in capitals and each on a line of its own, so that no word spans two."""
    line = "chr(10)" if connection.vendor == "postgresql" else "char(10)"
    texts = f" || {line} || ".join(f"coalesce(CAST({row}{column} AS text), '')" for column in SEARCHED)
    return f"upper({texts})"


def mark() -> str:
    """Write a random number of 40 bits as SQL: the sum of those of a million runs is one of 64 bits."""
    return "floor(random() * 1099511627776)" if connection.vendor == "postgresql" else "random() & 1099511627775"


def after_migrating(*, verbosity: int = 0, stdout: TextIO | None = None, **_unused: Any) -> None:
    """Make the triggers where one is missing or an earlier version's, and copy all runs where a copy is wrong.

    Triggers are missing after the migration that makes the table, and where SQLite has made the runs' table again, as
    for most changes of columns. All or nothing: what is broken off begins again with the next migration.
    """
    if not _has_columns() or _is_right():
        return
    with transaction.atomic():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:  # nobody changes a run between its copy and the commit
                cursor.execute("LOCK TABLE runs_run IN SHARE ROW EXCLUSIVE MODE")
            if _is_right():  # by a server of another machine, which was waited for
                return
        create_triggers()
        if not differing():  # as after a migration that gave both tables a column with the same default
            return
        for copied, number in _copied():
            if verbosity and number > _FILLED and (copied == number or copied % _TOLD == 0):
                (stdout or sys.stdout).write(f"  Runs copied for lists: up to {copied:,} of {number:,}\n")


def _has_columns() -> bool:
    """Return whether the table is there as this version has it: migrating backwards leads to earlier forms."""
    with connection.cursor() as cursor:
        if "runs_listedrun" not in connection.introspection.table_names(cursor):
            return False
        found = connection.introspection.get_table_description(cursor, "runs_listedrun")
    return {*COPIED, "words", "mark"} <= {column.name for column in found}


def _is_right() -> bool:
    return are_kept() and not differing()


def _copied() -> Iterator[tuple[int, int]]:
    """Copy all runs batch by batch; yield after each up to which number, and the highest."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(max(id), 0) FROM runs_run")
        [highest] = cursor.fetchone()
        cursor.execute("DELETE FROM runs_listedrun")
        for first in range(0, highest, _FILLED):
            until = min(first + _FILLED, highest)
            cursor.execute(
                f"INSERT INTO runs_listedrun (id, {', '.join(COPIED)}, words, mark) "  # noqa: S608
                f"SELECT id, {', '.join(COPIED)}, {words()}, {mark()} FROM runs_run WHERE id > %s AND id <= %s",
                [first, until],
            )
            yield until, highest


def differing() -> int:
    """Count the runs whose copies are missing or differ, and the copies without a run."""
    other = "IS DISTINCT FROM" if connection.vendor == "postgresql" else "IS NOT"
    differs = " OR ".join(f"run.{column} {other} listed.{column}" for column in COPIED)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (SELECT count(*) FROM runs_run AS run LEFT JOIN runs_listedrun AS listed ON listed.id = run.id"  # noqa: S608
            f" WHERE {differs} OR listed.words {other} {words('run.')})"
            " + (SELECT count(*) FROM runs_listedrun AS listed"
            " WHERE NOT EXISTS (SELECT 1 FROM runs_run AS run WHERE run.id = listed.id))"
        )
        return int(cursor.fetchone()[0])


def create_triggers() -> None:
    """Create or replace the triggers, and on SQLite the index that facets of a search are counted along."""
    drop_triggers()
    with connection.cursor() as cursor:
        if connection.vendor != "postgresql":
            for statement in _sqlite():
                cursor.execute(statement)
            return
        statements = _postgresql()
        version = _digest(statements)  # what PostgreSQL keeps of a trigger is not the text that made it
        for statement in (*statements, *(f"COMMENT ON TRIGGER {name} ON runs_run IS '{version}'" for name in TRIGGERS)):
            cursor.execute(statement)


def drop_triggers() -> None:
    """Drop the triggers, and the index that Django does not know; the table stays as it is."""
    on = " ON runs_run" if connection.vendor == "postgresql" else ""
    with connection.cursor() as cursor:
        for name in TRIGGERS:
            cursor.execute(f"DROP TRIGGER IF EXISTS {name}{on}")
        cursor.execute("DROP INDEX IF EXISTS listed_search")


def are_kept() -> bool:
    """Return whether all triggers are there, as this version makes them."""
    said = "obj_description(oid, 'pg_trigger')"
    postgresql = f"SELECT tgname, {said} FROM pg_trigger WHERE tgrelid = 'runs_run'::regclass"  # noqa: S608
    sqlite = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'runs_run'"
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(postgresql)
            wanted = dict.fromkeys(TRIGGERS, _digest(_postgresql()))
        else:
            cursor.execute(sqlite)
            wanted = dict(zip(TRIGGERS, _sqlite_triggers(), strict=True))
        found = dict(cursor.fetchall())
    return all(found.get(name) == definition for name, definition in wanted.items())


def _actions() -> tuple[str, str, str]:
    """Write what is done when a run is added, changed and removed."""
    values = [f"NEW.{column}" for column in COPIED]
    sets = ", ".join(f"{column} = {value}" for column, value in zip(COPIED, values, strict=True))
    written = f"{sets}, words = {words('NEW.')}, mark = {mark()}"
    added = (
        f"INSERT INTO runs_listedrun (id, {', '.join(COPIED)}, words, mark) "  # noqa: S608
        f"VALUES (NEW.id, {', '.join(values)}, {words('NEW.')}, {mark()}) "
        f"ON CONFLICT (id) DO UPDATE SET {written};"  # a copy that was left, or that `loaddata` has made before its run
    )
    changed = f"UPDATE runs_listedrun SET {written} WHERE id = NEW.id;"  # noqa: S608
    return added, changed, "DELETE FROM runs_listedrun WHERE id = OLD.id;"


def _digest(statements: list[str]) -> str:
    return hashlib.sha256("\n".join(statements).encode()).hexdigest()


def _sqlite() -> list[str]:
    return [f"CREATE INDEX listed_search ON runs_listedrun ({', '.join(SEARCH_INDEX)})", *_sqlite_triggers()]


def _sqlite_triggers() -> list[str]:
    added, changed, removed = _actions()
    differs = " OR ".join(f"OLD.{column} IS NOT NEW.{column}" for column in _WATCHED)
    return [
        f"CREATE TRIGGER listed_run_added AFTER INSERT ON runs_run BEGIN {added} END",
        f"CREATE TRIGGER listed_run_changed AFTER UPDATE OF {', '.join(_WATCHED)} ON runs_run "
        f"WHEN {differs} BEGIN {changed} END",
        f"CREATE TRIGGER listed_run_removed AFTER DELETE ON runs_run BEGIN {removed} END",
    ]


def _postgresql() -> list[str]:
    differs = " OR ".join(f"OLD.{column} IS DISTINCT FROM NEW.{column}" for column in _WATCHED)
    events = ("INSERT", f"UPDATE OF {', '.join(_WATCHED)}", "DELETE")
    conditions = ("", f"WHEN ({differs}) ", "")
    functions, triggers = [], []
    for name, action, event, condition in zip(TRIGGERS, _actions(), events, conditions, strict=True):
        functions.append(
            f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN {action} RETURN NULL; END $$"
        )
        triggers.append(
            f"CREATE TRIGGER {name} AFTER {event} ON runs_run FOR EACH ROW {condition}EXECUTE FUNCTION {name}()"
        )
    return functions + triggers
