"""Queries whose SQL Django writes once, not at each call: writing it takes ten times as long as SQLite takes to answer.

For the few queries that nearly every request asks. What a row is, and how its values are converted, stays Django's.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from itertools import count
from typing import Any, NamedTuple, TypeAlias

from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.db.backends.sqlite3.base import FORMAT_QMARK_REGEX
from django.db.models import QuerySet

from runs.statements.column_values import ColumnValues, Row

Build: TypeAlias = Callable[..., "QuerySet[Any, Any]"]
Parameter: TypeAlias = int | str | Sequence[int] | Sequence[str]
_FIRST = 1_907_050_301
"""Stands for a parameter while the query is written: unlike any constant, and in the range of every column."""


class _Statement(NamedTuple):
    sql: str
    quick: str
    """The same as SQLite takes it: Django would look for its own placeholders in the whole text at each call."""
    given: list[Any]
    places: list[int]
    """For each parameter in their order, where it belongs in `given`."""
    values: ColumnValues


class PreparedQuery:
    """A query with parameters: whole numbers, texts, and sequences of either (for `IN`), which are not empty.

    `build` makes the query set from them, one of `values_list`; it is called once for each power of two that sequences
    are filled up to, with values that stand for them, so what it makes must not depend on them. Each is used once.
    """

    def __init__(self, build: Build) -> None:
        self._build = build
        self._statements: dict[tuple[Any, ...], _Statement] = {}
        self._values: dict[str, ColumnValues] = {}

    def rows(self, *parameters: Parameter) -> list[Row]:
        """Ask the database."""
        rows = self.stored(*parameters)
        return self._values[connection.vendor].rows(rows)

    def stored(self, *parameters: Parameter) -> list[Row]:
        """Ask for the rows as the database gives them: hashable, and equal exactly where what they stand for is.

        For rows of which most are known already: converting takes longer than asking.
        """
        filled = [one if isinstance(one, int | str) else _filled(one) for one in parameters]
        asked = connections[DEFAULT_DB_ALIAS]
        statement = self._statement(filled, asked)
        given = list(statement.given)
        for place, value in zip(statement.places, _flat(filled), strict=True):
            given[place] = value
        with asked.cursor() as cursor:
            _execute(asked, cursor, statement, given)
            rows: list[Row] = cursor.fetchall()
        return rows

    def converted(self, row: Row) -> Row:
        """Convert a row of `stored` as `rows` does it."""
        return self._values[connection.vendor].row(row)

    def first(self, *parameters: Parameter) -> Row | None:
        """Ask for one row; None if there is none."""
        return next(iter(self.rows(*parameters)), None)

    def _statement(self, parameters: Sequence[Parameter], asked: Any) -> _Statement:
        key = (asked.vendor, *(type(one) if isinstance(one, int | str) else len(one) for one in parameters))
        found = self._statements.get(key)
        if found is None:
            found = self._statements[key] = _written(self._build, parameters)
            self._values[asked.vendor] = found.values
        return found


def _filled(values: Sequence[Any]) -> list[Any]:
    """Repeat the last value up to a power of two: of two lists each length would else keep a statement for ever."""
    return [*values, *[values[-1]] * ((1 << (len(values) - 1).bit_length()) - len(values))]


def _flat(parameters: Sequence[Parameter]) -> list[Any]:
    return [value for one in parameters for value in ([one] if isinstance(one, int | str) else one)]


def _written(build: Build, parameters: Sequence[Parameter]) -> _Statement:
    """Let Django write the query for parameters of these kinds."""
    standing = _standing(parameters)
    compiler = build(*standing).query.get_compiler(connection=connection)
    sql, given = compiler.as_sql()
    return _Statement(
        sql,
        FORMAT_QMARK_REGEX.sub("?", sql).replace("%%", "%"),  # as Django does it
        list(given),
        [given.index(one) for one in _flat(standing)],
        ColumnValues([selected[0] for selected in compiler.select]),
    )


def _execute(asked: Any, cursor: Any, statement: _Statement, given: list[Any]) -> None:
    """Execute as Django does, on SQLite without its way there, unless somebody watches the queries."""
    if asked.vendor != "sqlite" or asked.queries_logged or asked.execute_wrappers:
        cursor.execute(statement.sql, given)
        return
    asked.validate_no_broken_transaction()
    with asked.wrap_database_errors:
        sqlite3.Cursor.execute(cursor.cursor, statement.quick, given)


def _standing(parameters: Sequence[Parameter]) -> list[Any]:
    """Make a value for each parameter that can be told from all others in the query."""
    numbers = count(_FIRST)
    return [
        str(next(numbers))
        if isinstance(one, str)
        else next(numbers)
        if isinstance(one, int)
        else [str(next(numbers)) if isinstance(part, str) else next(numbers) for part in one]
        for one in parameters
    ]
