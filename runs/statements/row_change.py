"""Change columns of one row by plain SQL, without the ORM's work of writing the same statement again and again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections, models


def change(
    model: type[models.Model],
    pk: int,
    changes: Mapping[str, Any],
    *,
    added: Mapping[str, int] | None = None,
    only: tuple[str, tuple[Any, ...]] = ("", ()),
) -> bool:
    """Set those fields of the row, and add to the numbers in `added`; False: there is no such row.

    `only` is a further condition as SQL, with its parameters.
    """
    fields = {name: model._meta.get_field(name) for name in (*changes, *(added or ()))}
    columns: dict[str, Any] = {name: field.column for name, field in fields.items()}  # type: ignore[union-attr]
    sets = [f'"{columns[name]}" = %s' for name in changes]
    sets += [f'"{columns[name]}" = "{columns[name]}" + %s' for name in added or ()]
    database = connections[DEFAULT_DB_ALIAS]
    values = [fields[name].get_db_prep_save(value, database) for name, value in changes.items()]  # type: ignore[union-attr]
    condition, parameters = only
    where = f'"{model._meta.pk.column}" = %s' + (f" AND {condition}" if condition else "")
    with database.cursor() as cursor:
        cursor.execute(
            f'UPDATE "{model._meta.db_table}" SET {", ".join(sets)} WHERE {where}',  # noqa: S608
            [*values, *(added or {}).values(), pk, *parameters],
        )
        return bool(cursor.rowcount)
