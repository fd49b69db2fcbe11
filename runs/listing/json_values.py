"""A value inside a JSON column, as a number or as text: the same on SQLite and PostgreSQL, whatever else is there.

Django's own transforms sort and compare JSON as each database does it, which differs where types are mixed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import FloatField, Func, TextField


class _AtPath(Func):
    """The value at a path inside a JSON column.

    `path` holds names of members, as `columns` has checked them: letters, digits, `_` and `-`.
    """

    sqlite = ""
    """SQL template of `{column}`, with the path as parameter."""
    postgresql = ""
    """SQL expression of `value`, the value at the path."""

    def __init__(self, column: str, path: Sequence[str], **options: Any) -> None:
        super().__init__(column, **options)
        self.path = tuple(path)

    def as_sqlite(self, compiler: Any, *_unused: Any, **_options: Any) -> tuple[str, tuple[Any, ...]]:
        """Write the expression for SQLite."""
        column, parameters = compiler.compile(self.source_expressions[0])
        path = "$" + "".join(f'."{name}"' for name in self.path)
        return self.sqlite.replace("{column}", column), (*parameters, path) * self.sqlite.count("{column}")

    def as_postgresql(self, compiler: Any, *_unused: Any, **_options: Any) -> tuple[str, tuple[Any, ...]]:
        """Write the expression for PostgreSQL.

        Each use of a column unpacks it whole; OFFSET keeps `value` from being written out where it is used.
        """
        column, parameters = compiler.compile(self.source_expressions[0])
        path = ",".join(f'"{name}"' for name in self.path)
        once = f"SELECT {column} #> %s::text[] AS value OFFSET 0"  # built from constants
        return f"(SELECT {self.postgresql} FROM ({once}) AS found)", (*parameters, f"{{{path}}}")  # noqa: S608


class JSONNumber(_AtPath):
    """The value as a number; true is 1 and false is 0, anything else is null."""

    output_field = FloatField()
    sqlite = (
        "(CASE WHEN JSON_TYPE({column}, %s) IN ('integer', 'real', 'true', 'false')"
        " THEN CAST(JSON_EXTRACT({column}, %s) AS REAL) END)"
    )
    postgresql = (
        "CASE JSONB_TYPEOF(value) WHEN 'number' THEN (value #>> '{}')::double precision"
        " WHEN 'boolean' THEN (value #>> '{}')::boolean::int::double precision END"
    )


class JSONText(_AtPath):
    """The value as text, lists as they are written in JSON; anything else is null."""

    output_field = TextField()
    sqlite = "(CASE WHEN JSON_TYPE({column}, %s) IN ('text', 'array', 'object') THEN JSON_EXTRACT({column}, %s) END)"
    postgresql = "CASE WHEN JSONB_TYPEOF(value) IN ('string', 'array', 'object') THEN value #>> '{}' END"
