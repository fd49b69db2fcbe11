"""Convert what the database holds in columns to the values of their fields: of times, for one, these differ."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

from django.db import DEFAULT_DB_ALIAS, connection, connections, models

Row: TypeAlias = tuple[Any, ...]


class ColumnValues:
    """The conversion of rows that have these columns, which are given as Django's expressions."""

    def __init__(self, columns: Sequence[Any]) -> None:
        found = [
            (place, [*connection.ops.get_db_converters(column), *column.get_db_converters(connection)], column)
            for place, column in enumerate(columns)
        ]
        self._converted = [one for one in found if one[1]]

    @classmethod
    def of(cls, model: type[models.Model], *names: str) -> ColumnValues:
        """Make the conversion of rows that hold these fields of a model."""
        fields: list[Any] = [model._meta.get_field(name) for name in names]
        return cls([field.get_col(model._meta.db_table) for field in fields])

    def row(self, row: Row) -> Row:
        """Convert one row."""
        database, values = connections[DEFAULT_DB_ALIAS], list(row)
        for place, functions, column in self._converted:
            for convert in functions:
                values[place] = convert(values[place], column, database)
        return tuple(values)

    def rows(self, rows: list[Row]) -> list[Row]:
        """Convert rows column by column, as Django does value by value."""
        if not rows or not self._converted:
            return rows
        database, columns = connections[DEFAULT_DB_ALIAS], list(zip(*rows, strict=True))
        for place, functions, column in self._converted:
            for convert in functions:
                columns[place] = tuple([convert(value, column, database) for value in columns[place]])
        return list(zip(*columns, strict=True))
