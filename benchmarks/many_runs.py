"""Many more runs than `list_runs` makes in a bearable time: it makes the first ones, SQL copies their rows.

A copy has the values of its model but no fold of a group, which must be one run's alone. All tables that belong to a
run are copied, so that whatever lists read is there; what triggers derive from rows comes by itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.core.management.color import no_style
from django.db import connection, models
from django.db.models import Max, Min

from benchmarks.list_runs import fill
from runs.models import Run

FIRST = 1_000
UNFINISHED = 54
WITHOUT_GROUP = ("group_id", "fold", "folds")


def fill_many(runs: int) -> None:
    """Create so many runs; at most 50 of them wait, and four train."""
    first = min(runs, FIRST)
    fill(first, min(50, first // 2))
    multiply(first, runs)


def multiply(there: int, wanted: int) -> None:
    """Copy the newest runs until there are so many; what is there must have ids without gaps."""
    _spare_the_disk()
    while there < wanted:
        count = min(there, wanted - there)
        highest = Run.objects.aggregate(most=Max("pk"))["most"]
        with connection.cursor() as cursor:
            for model in _models():
                _copy(cursor, model, highest - count, count)
            _go_on_from_the_highest(cursor)
        there += count
        _end_the_older()
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _spare_the_disk() -> None:
    """Let this connection to SQLite keep indexes in memory while they are filled, and wait for no disk."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA cache_size = -500000")  # KiB
            cursor.execute("PRAGMA synchronous = OFF")


def _end_the_older() -> None:
    """Let only as many runs wait or train as the first ones had."""
    unfinished = Run.objects.filter(status__in=Run.UNFINISHED)
    newest = list(unfinished.order_by("-pk").values_list("pk", flat=True)[:UNFINISHED])
    unfinished.exclude(pk__in=newest).update(
        status=Run.Status.CANCELLED, end_time=models.F("created_at"), start_time=models.F("created_at")
    )


def _models() -> Iterator[type[models.Model]]:
    """Return `Run`, then each model with rows of runs."""
    yield Run
    for model in apps.get_app_config("runs").get_models():
        if model is not Run and any(field.name == "run" for field in model._meta.concrete_fields):
            yield model


def _copy(cursor: Any, model: type[models.Model], after: int, count: int) -> None:
    """Copy the rows of the `count` runs behind `after`; each copy's run has a number that is higher by `count`."""
    run_column = "id" if model is Run else "run_id"
    rows = model._default_manager.filter(**{f"{'pk' if model is Run else 'run_id'}__gt": after})
    if not rows.exists():
        return
    columns = [str(field.column) for field in model._meta.concrete_fields]
    own = model._meta.pk
    step = {run_column: count}
    if model is not Run and isinstance(own, models.AutoField):
        span = model._default_manager.aggregate(least=Min("pk"), most=Max("pk"))
        step[str(own.column)] = span["most"] - span["least"] + 1
    taken = [_taken(column, step, whole=model is not Run) for column in columns]
    quoted = connection.ops.quote_name
    cursor.execute(
        f"INSERT INTO {quoted(model._meta.db_table)} ({', '.join(map(quoted, columns))}) "
        f"SELECT {', '.join(taken)} FROM {quoted(model._meta.db_table)} WHERE {quoted(run_column)} > %s",
        [after],
    )


def _taken(column: str, step: dict[str, int], *, whole: bool) -> str:
    quoted = connection.ops.quote_name(column)
    if column in step:
        return f"{quoted} + {step[column]}"
    return "NULL" if column in WITHOUT_GROUP and not whole else quoted


def _go_on_from_the_highest(cursor: Any) -> None:
    """Let PostgreSQL number what comes next behind the copies; SQLite does so itself."""
    if connection.vendor == "postgresql":
        for statement in connection.ops.sequence_reset_sql(no_style(), list(_models())):
            cursor.execute(statement)
