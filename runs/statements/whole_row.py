"""Insert and load whole rows of a wide table by SQL that is written once, where the ORM writes it for each row."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any, Generic, TypeVar

from django.db import DEFAULT_DB_ALIAS, connection, connections, models

from runs.statements.column_values import ColumnValues

M = TypeVar("M", bound=models.Model)
_NO_DEFAULT = object()
_READING = (models.Field.pre_save,)
"""Methods of fields that do no more than read the attribute of the row."""


class WholeRows(Generic[M]):
    """The rows of one model, with all of its columns."""

    def __init__(self, model: type[M]) -> None:
        self._model = model
        self._selections: dict[tuple[str, ...], tuple[str, ColumnValues, list[str]]] = {}

    def insert(self, row: M) -> None:
        """Insert a new row, which gets its key. Raises IntegrityError."""
        database, there = connections[DEFAULT_DB_ALIAS], row.__dict__
        values = []
        for field, name, default, stored in self._columns:
            value = field.pre_save(row, add=True) if name is None else there[name]
            is_default = value is default or (type(value) is type(default) and value == default)
            values.append(stored if is_default else field.get_db_prep_save(value, database))
        with database.cursor() as cursor:
            if database.vendor == "postgresql":
                cursor.execute(f'{self._insertion} RETURNING "{self._model._meta.pk.column}"', values)
                row.pk = cursor.fetchone()[0]
            else:
                cursor.execute(self._insertion, values)
                row.pk = cursor.lastrowid
        row._state.adding, row._state.db = False, database.alias

    def load(
        self, condition: str, parameters: Sequence[Any], *, lock: bool = False, only: tuple[str, ...] = ()
    ) -> M | None:
        """Load the row for which that SQL holds; with `lock` it is locked until the transaction ends.

        With `only`, these fields and the key; Django reads others when they are asked for.
        """
        if only not in self._selections:
            self._selections[only] = self._selection(only)
        sql, conversion, names = self._selections[only]
        database = connections[DEFAULT_DB_ALIAS]
        locking = " FOR UPDATE" if lock and database.features.has_select_for_update else ""
        with database.cursor() as cursor:
            cursor.execute(f"{sql} WHERE {condition}{locking}", parameters)
            found = cursor.fetchone()
        if found is None:
            return None
        return self._model.from_db(database.alias, names, conversion.row(found))

    @cached_property
    def _columns(self) -> list[tuple[Any, str | None, Any, Any]]:
        """Of each field its name, its default, where that is always the same, and what the database holds of that.

        Most fields of a new row have their default. No name: the field makes its value itself.
        """
        columns = []
        for field in self._fields:
            name = field.attname if type(field).pre_save in _READING else None
            if field.default in (dict, list) or not callable(field.default):
                default = field.get_default()
                columns.append((field, name, default, field.get_db_prep_save(default, connection)))
            else:
                columns.append((field, name, _NO_DEFAULT, None))
        return columns

    @cached_property
    def _fields(self) -> list[Any]:
        return [field for field in self._model._meta.concrete_fields if not field.primary_key]

    @cached_property
    def _insertion(self) -> str:
        columns = ", ".join(f'"{field.column}"' for field in self._fields)
        values = ", ".join(["%s"] * len(self._fields))
        return f'INSERT INTO "{self._model._meta.db_table}" ({columns}) VALUES ({values})'  # noqa: S608

    def _selection(self, only: tuple[str, ...]) -> tuple[str, ColumnValues, list[str]]:
        rows = self._model._default_manager.order_by()
        compiler = (rows.only(*only) if only else rows).query.get_compiler(connection=connection)
        sql, _ = compiler.as_sql()
        columns = [column for column, _, _ in compiler.select]
        return sql, ColumnValues(columns), [column.target.attname for column in columns]
