"""Insert many rows by one prepared statement: Django's own `bulk_create` takes ten times as long to write its SQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from itertools import chain
from typing import Any

from django.db import connection, models

from runs.statements.column_values import Row

TOGETHER = (100, 10, 1)
"""Rows of one statement on SQLite: a row of a hundred costs half as much as one alone, of more no less."""
COPIED = 20
"""Rows from which on PostgreSQL copies them: an array's texts are each searched for what must be escaped."""
_ESCAPES = {"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"}
"""Of texts that are copied, the sign of escapes first."""


class BulkInsert:
    """An INSERT of rows into a model's table, given as tuples of the numbers and texts that the columns hold.

    `fields` names the columns in the order of the tuples, `fixed` those that hold the same in every row; those left out
    are null or have a default of the database. With `updating` a row whose `unique` fields are those of a stored one
    replaces these fields of it.
    """

    def __init__(
        self,
        model: type[models.Model],
        fields: Sequence[str],
        *,
        fixed: Mapping[str, str] | None = None,
        unique: Sequence[str] = (),
        updating: Sequence[str] = (),
    ) -> None:
        self._model, self._names, self._unique, self._updating = model, fields, unique, updating
        self._fixed = fixed or {}
        self._written: dict[int, str] = {}

    def insert(self, rows: Sequence[Row]) -> None:
        """Insert the rows, in their order."""
        if not rows:
            return
        if connection.vendor != "postgresql":
            self._insert_together(rows)
        elif self._updating or len(rows) < COPIED:
            with connection.cursor() as cursor:
                columns = [list(column) for column in zip(*rows, strict=True)]
                cursor.execute(self._from_arrays, [*self._fixed.values(), *columns])
        else:
            with connection.cursor() as cursor, connection.wrap_database_errors, cursor.copy(self._copy) as copy:
                copy.write(copied(rows, list(self._fixed.values())))

    def _insert_together(self, rows: Sequence[Row]) -> None:
        """Insert by statements of many rows, as few as there are."""
        first = 0
        with connection.cursor() as cursor:
            for together in TOGETHER:
                until = first + (len(rows) - first) // together * together
                starts = range(first, until, together)
                if starts:
                    parameters = [list(chain.from_iterable(rows[start : start + together])) for start in starts]
                    cursor.executemany(self._of_rows(together), parameters)
                first = until

    def _of_rows(self, number: int) -> str:
        """Write the statement for so many rows, once."""
        if number not in self._written:
            values = [*(_literal(value) for value in self._fixed.values()), *["%s"] * len(self._names)]
            rows = ", ".join([f"({', '.join(values)})"] * number)
            self._written[number] = f"{self._into} VALUES {rows}{self._conflict}"
        return self._written[number]

    @cached_property
    def _from_arrays(self) -> str:
        """One array for each column: PostgreSQL plans once, and one message carries all rows."""
        fields: list[Any] = [self._model._meta.get_field(name) for name in self._names]
        # Without a length, beyond which a cast would cut texts silently; the column itself refuses them.
        types = [str(field.db_type(connection)).partition("(")[0] for field in fields]
        selected = ", ".join([*["%s"] * len(self._fixed), "given.*"])
        arrays = ", ".join(f"%s::{type_}[]" for type_ in types)
        return f"{self._into} SELECT {selected} FROM unnest({arrays}) AS given{self._conflict}"  # noqa: S608

    @property
    def _into(self) -> str:
        return f"INSERT INTO {self._target}"

    @cached_property
    def _copy(self) -> str:
        return f"COPY {self._target} FROM STDIN"

    @property
    def _target(self) -> str:
        return f'"{self._model._meta.db_table}" ({", ".join(self._columns([*self._fixed, *self._names]))})'

    @property
    def _conflict(self) -> str:
        if not self._updating:
            return ""
        unique, updated = self._columns(self._unique), self._columns(self._updating)
        sets = ", ".join(f"{column} = excluded.{column}" for column in updated)
        return f" ON CONFLICT ({', '.join(unique)}) DO UPDATE SET {sets}"

    def _columns(self, names: Sequence[str]) -> list[str]:
        fields: list[Any] = [self._model._meta.get_field(name) for name in names]
        return [f'"{field.column}"' for field in fields]


def _literal(value: str) -> str:
    """Write a text as SQL, in a statement that has parameters."""
    return "'" + value.replace("'", "''").replace("%", "%%") + "'"


def copied(rows: Sequence[Row], fixed: Sequence[str]) -> str:
    """Write rows as PostgreSQL copies them; each column has numbers, or texts, and nulls."""
    columns = [*([value] * len(rows) for value in fixed), *zip(*rows, strict=True)]
    lines = zip(*map(_copied_column, columns), strict=True)
    return "\n".join(map("\t".join, lines)) + "\n"


def _copied_column(values: Sequence[Any]) -> list[str]:
    """Write the values of a column, null in its own way, what PostgreSQL would not take literally escaped."""
    written = [r"\N" if value is None else value if isinstance(value, str) else repr(value) for value in values]
    texts = "".join([value for value in values if isinstance(value, str)])
    if any(sign in texts for sign in _ESCAPES):
        return [text if value is None else _escaped(text) for value, text in zip(values, written, strict=True)]
    return written


def _escaped(text: str) -> str:
    for sign, escape in _ESCAPES.items():
        text = text.replace(sign, escape)
    return text
