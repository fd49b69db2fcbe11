"""The configuration paths and metrics that a list can show and sort by: those that some run has had."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from django.db import connection

from runs.derived_models import KnownColumn
from runs.statements.prepared_query import PreparedQuery

Kind = KnownColumn.Kind
_KNOWN = PreparedQuery(
    lambda kind, names: KnownColumn.objects.filter(kind=kind, name__in=names).order_by().values_list("name")
)


def register(kind: Kind, names: Iterable[str]) -> None:
    """Add the names that are not known yet; one query where all are known, as they nearly always are."""
    wanted = set(names)
    if not wanted:
        return
    with connection.cursor() as cursor:
        places = ", ".join(["%s"] * len(wanted))
        cursor.execute(f"SELECT name FROM runs_knowncolumn WHERE kind = %s AND name IN ({places})", [kind, *wanted])  # noqa: S608
        known = {name for (name,) in cursor.fetchall()}
    missing = [KnownColumn(kind=kind, name=name) for name in sorted(wanted - known)]
    if missing:
        KnownColumn.objects.bulk_create(missing, ignore_conflicts=True)


def unknown(kind: Kind, names: Collection[str]) -> list[str]:
    """Return the names that no run has had, sorted."""
    known = {name for (name,) in _KNOWN.rows(str(kind), sorted(names))} if names else set()
    return sorted(set(names) - known)


def known() -> dict[str, list[str]]:
    """Return all known names as `{"config": […], "metric": […]}`."""
    found: dict[str, list[str]] = {kind: [] for kind in Kind.values}
    for kind, name in KnownColumn.objects.values_list("kind", "name"):
        found[kind].append(name)
    return found
