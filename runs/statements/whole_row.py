"""Insert and load whole rows of a wide table by SQL that is written once, where the ORM writes it for each row."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any, Generic, TypeVar

from django.db import connection, models

from runs.statements.column_values import ColumnValues

M = TypeVar("M", bound=models.Model)


class WholeRows(Generic[M]):
    """The rows of one model, with all of its columns."""

    def __init__(self, model: type[M]) -> None:
        self._model = model

    def insert(self, row: M) -> None:
        """Insert a new row, which gets its key. Raises IntegrityError."""
        values = [self._stored(field, field.pre_save(row, add=True)) for field in self._fields]
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                cursor.execute(f'{self._insertion} RETURNING "{self._model._meta.pk.column}"', values)
                row.pk = cursor.fetchone()[0]
            else:
                cursor.execute(self._insertion, values)
                row.pk = cursor.lastrowid
        row._state.adding, row._state.db = False, connection.alias

    def load(self, condition: str, parameters: Sequence[Any], *, lock: bool = False) -> M | None:
        """Load the row for which that SQL holds; with `lock` it is locked until the transaction ends."""
        sql, conversion, names = self._selection
        locking = " FOR UPDATE" if lock and connection.features.has_select_for_update else ""
        with connection.cursor() as cursor:
            cursor.execute(f"{sql} WHERE {condition}{locking}", parameters)
            found = cursor.fetchone()
        if found is None:
            return None
        return self._model.from_db(connection.alias, names, conversion.row(found))

    def _stored(self, field: Any, value: Any) -> Any:
        """Return what the database holds of a value; most fields of a new row have their default."""
        default = self._defaults.get(field.attname)
        if default is not None and type(value) is type(default[0]) and value == default[0]:
            return default[1]
        return field.get_db_prep_save(value, connection)

    @cached_property
    def _defaults(self) -> dict[str, tuple[Any, Any]]:
        """Each field's default, where that is always the same, and what the database holds of it."""
        plain = [field for field in self._fields if field.default in (dict, list) or not callable(field.default)]
        values = [(field, field.get_default()) for field in plain]
        return {field.attname: (value, field.get_db_prep_save(value, connection)) for field, value in values}

    @cached_property
    def _fields(self) -> list[Any]:
        return [field for field in self._model._meta.concrete_fields if not field.primary_key]

    @cached_property
    def _insertion(self) -> str:
        columns = ", ".join(f'"{field.column}"' for field in self._fields)
        values = ", ".join(["%s"] * len(self._fields))
        return f'INSERT INTO "{self._model._meta.db_table}" ({columns}) VALUES ({values})'  # noqa: S608

    @cached_property
    def _selection(self) -> tuple[str, ColumnValues, list[str]]:
        compiler = self._model._default_manager.order_by().query.get_compiler(connection=connection)
        sql, _ = compiler.as_sql()
        columns = [column for column, _, _ in compiler.select]
        return sql, ColumnValues(columns), [column.target.attname for column in columns]
