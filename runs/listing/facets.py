"""Count by which tags, data, networks, owners and statuses a list of runs can be filtered."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.contrib.auth.models import User
from django.db import connection
from django.db.models import Count, F, QuerySet

from runs.models import Run, RunTag
from runs.summaries import known_columns

MOST_VALUES = 200
"""Limit of values per facet; the most frequent ones are kept."""
_COLUMNS = ("owner_id", "source_path", "model_name", "status")
"""The columns in the order of the index `run_chips`, so that the database counts along the index."""


def facets(runs: QuerySet[Run], *, whole: bool = False, searched: bool = False) -> dict[str, Any]:
    """Count each facet's values over `runs`, the most frequent first; `columns` are those of all runs ever made.

    `whole` says that `runs` are all that are not deleted: tags are counted along their index then. `searched` says that
    they are found by words, for which the database reads every run: once, then.

    The database counts runs that are alike in all columns at once, and their counts are added up here.
    """
    if searched:
        alike, tags = _read_once(runs)
    else:
        alike = list(runs.order_by().values_list(*_COLUMNS).annotate(count=Count("*")))
        tags = _tags(_visible_tags() if whole else RunTag.objects.filter(run__in=runs.order_by().values("pk")))
    owner, source_path, model, status = (_added_up(alike, place) for place in range(len(_COLUMNS)))
    names = dict(User.objects.filter(pk__in=owner).values_list("pk", "username"))
    return {
        "count": status.total(),
        "status": [
            {"value": value, "count": status[value]} for value in Run.Status.values
        ],  # in their order, zeros too
        "tag": tags,
        "source_path": _values(source_path),
        "model": _values(model),
        "owner": _values(Counter({names[key]: count for key, count in owner.items()})),
        "columns": known_columns.known(),
    }


def _read_once(runs: QuerySet[Run]) -> tuple[list[tuple[Any, ...]], list[dict[str, Any]]]:
    """Count the runs that are alike, and the tags, by one look at the table.

    Both databases keep what is named in front of a query, and used twice in it, while they answer. In the order of the
    index `run_chips`, which counting alone would choose, SQLite would read the runs here and there.
    """
    found, parameters = runs.order_by().values_list("pk", *_COLUMNS).query.sql_with_params()
    columns = ", ".join(_COLUMNS)
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH found (run_id, {columns}) AS ({found})"  # noqa: S608  # Django's own, with parameters
            f" SELECT NULL, {columns}, COUNT(*) FROM found GROUP BY {columns}"
            f" UNION ALL SELECT name, {', '.join(['NULL'] * len(_COLUMNS))}, COUNT(*) FROM {RunTag._meta.db_table}"
            " WHERE run_id IN (SELECT run_id FROM found) GROUP BY name",
            parameters,
        )
        rows = cursor.fetchall()
    tags = Counter({name: count for name, *_, count in rows if name is not None})
    return [row[1:] for row in rows if row[0] is None], _values(tags)


def _added_up(alike: list[tuple[Any, ...]], place: int) -> Counter[Any]:
    """Sum the counts of equal values of one column."""
    found: Counter[Any] = Counter()
    for row in alike:
        found[row[place]] += row[-1]
    return found


def _values(counted: Counter[str]) -> list[dict[str, Any]]:
    """List the values that are not blank, the most frequent first, equally frequent ones alphabetically."""
    known = sorted((-count, value) for value, count in counted.items() if value)
    return [{"value": value, "count": -count} for count, value in known[:MOST_VALUES]]


def _visible_tags() -> QuerySet[RunTag]:
    """Select the tags of all runs but the deleted ones, which are few."""
    return RunTag.objects.exclude(run__in=Run.objects.exclude(deleted_at=None).order_by().values("pk"))


def _tags(rows: QuerySet[RunTag]) -> list[dict[str, Any]]:
    """Count the tags, the most frequent first."""
    counted = rows.order_by().values(value=F("name")).annotate(count=Count("*")).order_by("-count", "value")
    return [dict(row) for row in counted[:MOST_VALUES]]
