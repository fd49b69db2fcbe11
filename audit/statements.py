"""The statements of recording, written once: the ORM takes several times as long to write one as SQLite to run it."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from typing import Any

from django.db import connection, models

from audit.models import Repeats

_AGAIN = (
    f"UPDATE {Repeats._meta.db_table} SET count = count + 1, "  # noqa: S608
    "last_at = CASE WHEN last_at < %s THEN %s ELSE last_at END WHERE key = %s"
)


def insert(row: models.Model, *, keeps_key: bool = False) -> None:
    """Insert a row, which gets its key, or with `keeps_key` has it already. Raises IntegrityError."""
    statement, fields = _insertion(type(row), keeps_key)
    values = [field.get_db_prep_save(getattr(row, field.attname), connection) for field in fields]
    with connection.cursor() as cursor:
        if keeps_key:
            cursor.execute(statement, values)
        elif connection.vendor == "postgresql":
            cursor.execute(f"{statement} RETURNING id", values)
            row.pk = cursor.fetchone()[0]
        else:
            cursor.execute(statement, values)
            row.pk = cursor.lastrowid


def count_again(key: str, moment: datetime) -> bool:
    """Count what has this key once more. False: there is none."""
    at = connection.ops.adapt_datetimefield_value(moment)
    with connection.cursor() as cursor:
        cursor.execute(_AGAIN, [at, at, key])
        return bool(cursor.rowcount > 0)


@cache
def _insertion(model: type[models.Model], keeps_key: bool) -> tuple[str, list[Any]]:
    fields: list[Any] = [field for field in model._meta.concrete_fields if keeps_key or not field.primary_key]
    columns = ", ".join(field.column for field in fields)
    values = ", ".join(["%s"] * len(fields))
    return f"INSERT INTO {model._meta.db_table} ({columns}) VALUES ({values})", fields  # noqa: S608
