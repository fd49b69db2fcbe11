"""Empties the test database after a test that committed, but keeps the rows which migrations themselves made.

Django empties all tables and then sends `post_migrate`, which makes the same content types and permissions again: most
of the time that such a test takes. No test changes them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.core.management.color import no_style
from django.db import connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.test import TransactionTestCase

from access.default_project import DEFAULT_NAME, DEFAULT_PROJECT
from access.models import Project
from audit import append_only

KEPT = frozenset({ContentType._meta.db_table, Permission._meta.db_table})


def empty_tables(alias: str = "default") -> None:
    """Empty all tables of the models, as Django's `flush` does, except those of `KEPT`; leave the default project."""
    connection = connections[alias]
    tables = [name for name in connection.introspection.django_table_names(only_existing=True) if name not in KEPT]
    if connection.vendor == "postgresql":
        _delete_rows(connection, tables)
    else:
        with _audit_trail_open(connection):
            statements = connection.ops.sql_flush(no_style(), tables, reset_sequences=False, allow_cascade=False)
            connection.ops.execute_sql_flush(statements)
    Project.objects.using(alias).create(pk=DEFAULT_PROJECT, name=DEFAULT_NAME)


@contextmanager
def _audit_trail_open(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """Take SQLite's triggers away that keep the audit trail, if it has any rows; no code of the server does that."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT EXISTS (SELECT 1 FROM {append_only.EVENTS})")
        filled = bool(cursor.fetchone()[0])
    if filled:
        append_only.drop_triggers()
    yield
    if filled:
        append_only.create_triggers()


def _delete_rows(connection: BaseDatabaseWrapper, tables: Sequence[str]) -> None:
    """Delete the rows of the few tables that have any: PostgreSQL truncates a table by making all its files again.

    The lock waits for what is being written, or read to be written, as truncating does. As on a replica, no trigger
    fires meanwhile: not those that keep the audit trail, nor those that look for rows which refer to what is deleted.
    """
    quoted = [connection.ops.quote_name(name) for name in tables]
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        cursor.execute(f"LOCK TABLE {', '.join(quoted)} IN EXCLUSIVE MODE")
        has_rows = ", ".join(f"EXISTS (SELECT FROM {name})" for name in quoted)
        cursor.execute(f"SELECT {has_rows}")
        filled = [name for name, has in zip(quoted, cursor.fetchone(), strict=True) if has]
        if filled:
            deletes = [f"DELETE FROM {name}" for name in filled]
            cursor.execute("; ".join(["SET LOCAL session_replication_role = replica", *deletes]))


def install() -> None:
    """Have every test case that commits end so."""
    TransactionTestCase._fixture_teardown = lambda case: empty_tables()  # type: ignore[attr-defined]
