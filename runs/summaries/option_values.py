"""Keep the options of all runs in an order that a list can be sorted by.

Nearly all runs leave most options at their defaults. So an option has a common value, that of the first run that had
the option, and only what differs from it has a row. A configuration never changes, and neither does a common value.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import msgspec
from django.db import connection
from django.db.models import Max

from runs.derived_models import KnownColumn, OptionValue
from runs.models import Run
from runs.statements.bulk_insert import BulkInsert
from runs.statements.prepared_query import PreparedQuery

LONGEST_NAME = 300
LONGEST_TEXT = 200
"""Longer texts are sorted by their beginnings."""
_TURN = 5_172_027
"""The number of the lock for `_take_turns`, in PostgreSQL."""
_ROWS = BulkInsert(OptionValue, ["run", "column", "number", "text"])
_KNOWN = PreparedQuery(
    lambda kind: (
        KnownColumn.objects.filter(kind=kind)
        .order_by()
        .values_list("name", "pk", "since", "common_number", "common_text")
    )
)


class Value(NamedTuple):
    """What an option sorts by: a number, also of true and false, or a text, or neither."""

    number: float | None = None
    text: str | None = None


class _Option(NamedTuple):
    pk: int
    since: int
    common: Value


def add(run_id: int, config: Mapping[str, Any]) -> None:
    """Store the options of a new run, in the transaction that creates it."""
    values = dict(_values(config))
    _take_turns()
    known = _known()
    if new := sorted(values.keys() - known.keys()):
        since = _since(run_id)
        KnownColumn.objects.bulk_create([_first(since, name, values[name]) for name in new], ignore_conflicts=True)
        known = _known()
    _ROWS.insert(
        [
            (run_id, option.pk, *value)
            for name, option in known.items()
            if (value := values.get(name, Value())) != option.common or run_id < option.since
        ]
    )


def sortable(value: Any) -> Value:
    """Return what a value of a configuration sorts by."""
    if value is None:
        return Value()
    if isinstance(value, bool | int | float):
        return Value(number=_float(value))
    return Value(text=(value if isinstance(value, str) else msgspec.json.encode(value).decode())[:LONGEST_TEXT])


def _values(config: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Value]]:
    """Yield the dotted path and the value of every value that is not a group; lists are values."""
    for name, value in config.items():
        path = f"{prefix}{name}"
        if isinstance(value, Mapping):
            yield from _values(value, f"{path}.")
        elif len(path) <= LONGEST_NAME:
            yield path, sortable(value)


def _known() -> dict[str, _Option]:
    rows = _KNOWN.rows(str(KnownColumn.Kind.CONFIG))
    return {name: _Option(pk, since, Value(number, text)) for name, pk, since, number, text in rows}


def _first(since: int, name: str, value: Value) -> KnownColumn:
    kind = KnownColumn.Kind.CONFIG
    return KnownColumn(kind=kind, name=name, since=since, common_number=value.number, common_text=value.text)


def _take_turns() -> None:
    """Wait for other transactions that create runs; SQLite lets only one of them write anyway.

    A run that does not know of an option, because its first run is not committed yet, would seem to have its value.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_TURN])


def _since(run_id: int) -> int:
    """Return the first run that may have an option of this run as its common value: none that had its turn before."""
    newest: int = Run.objects.aggregate(newest=Max("pk"))["newest"]
    return run_id if newest == run_id else newest + 1


def _float(number: float) -> float:
    try:
        return float(number)
    except OverflowError:  # a whole number beyond all floats
        return math.inf if number > 0 else -math.inf
