"""What a list of runs can be narrowed by: which tags, data, networks, owners and statuses there are, and how often."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, F, QuerySet

from runs import known_columns
from runs.models import Run, RunTag

MOST_VALUES = 200
"""Of one facet, the most frequent."""
_COLUMNS = {"source_path": "source_path", "model": "model_name", "owner": "owner__username"}


def facets(runs: QuerySet[Run]) -> dict[str, Any]:
    """Counted over `runs`; each list has the most frequent first. `columns` are those of all runs there ever were."""
    return {
        "count": runs.count(),
        "status": _statuses(runs),
        "tag": _tags(runs),
        **{name: _values(runs, column) for name, column in _COLUMNS.items()},
        "columns": known_columns.known(),
    }


def _statuses(runs: QuerySet[Run]) -> list[dict[str, Any]]:
    """All there can be, zeros included, in their order."""
    counted = dict(runs.order_by().values_list("status").annotate(count=Count("pk")))
    return [{"value": status, "count": counted.get(status, 0)} for status in Run.Status.values]


def _tags(runs: QuerySet[Run]) -> list[dict[str, Any]]:
    rows = RunTag.objects.filter(run__in=runs.order_by().values("pk")).order_by()
    counted = rows.values(value=F("name")).annotate(count=Count("pk")).order_by("-count", "value")
    return [dict(row) for row in counted[:MOST_VALUES]]


def _values(runs: QuerySet[Run], column: str) -> list[dict[str, Any]]:
    counted = runs.exclude(**{column: ""}).order_by().values(value=F(column)).annotate(count=Count("pk"))
    return [dict(row) for row in counted.order_by("-count", "value")[:MOST_VALUES]]
