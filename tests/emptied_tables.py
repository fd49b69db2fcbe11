"""Empties the test database after a test that committed, but keeps the rows which migrations themselves made.

Django empties all tables and then sends `post_migrate`, which makes the same content types and permissions again: most
of the time that such a test takes. No test changes them.
"""

from __future__ import annotations

from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.core.management.color import no_style
from django.db import connections
from django.test import TransactionTestCase

KEPT = frozenset({ContentType._meta.db_table, Permission._meta.db_table})


def empty_tables(alias: str = "default") -> None:
    """Empty all tables of the models, as Django's `flush` does, except those of `KEPT`."""
    connection = connections[alias]
    tables = [name for name in connection.introspection.django_table_names(only_existing=True) if name not in KEPT]
    statements = connection.ops.sql_flush(no_style(), tables, reset_sequences=False, allow_cascade=False)
    connection.ops.execute_sql_flush(statements)


def install() -> None:
    """Have every test case that commits end so."""
    TransactionTestCase._fixture_teardown = lambda case: empty_tables()  # type: ignore[attr-defined]
