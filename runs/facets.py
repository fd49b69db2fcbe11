"""What a list of runs can be narrowed by: which tags, data, networks, owners and statuses there are, and how often."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.contrib.auth.models import User
from django.db.models import Count, F, QuerySet

from runs import known_columns
from runs.models import Run, RunTag

MOST_VALUES = 200
"""Of one facet, the most frequent."""
_COLUMNS = ("owner_id", "source_path", "model_name", "status")
"""In the order of the index `run_chips`, so that they are counted as they come."""


def facets(runs: QuerySet[Run]) -> dict[str, Any]:
    """Counted over `runs`; each list has the most frequent first. `columns` are those of all runs there ever were.

    Runs alike in all columns are counted at once by the database, and their counts are added up here.
    """
    alike = list(runs.order_by().values_list(*_COLUMNS).annotate(count=Count("pk")))
    owner, source_path, model, status = (_added_up(alike, place) for place in range(len(_COLUMNS)))
    names = dict(User.objects.filter(pk__in=owner).values_list("pk", "username"))
    return {
        "count": status.total(),
        "status": [
            {"value": value, "count": status[value]} for value in Run.Status.values
        ],  # in their order, zeros too
        "tag": _tags(runs),
        "source_path": _values(source_path),
        "model": _values(model),
        "owner": _values(Counter({names[key]: count for key, count in owner.items()})),
        "columns": known_columns.known(),
    }


def _added_up(alike: list[tuple[Any, ...]], place: int) -> Counter[Any]:
    found: Counter[Any] = Counter()
    for row in alike:
        found[row[place]] += row[-1]
    return found


def _values(counted: Counter[str]) -> list[dict[str, Any]]:
    """Without what is blank; of equally frequent ones the first in the alphabet first."""
    known = sorted((-count, value) for value, count in counted.items() if value)
    return [{"value": value, "count": -count} for count, value in known[:MOST_VALUES]]


def _tags(runs: QuerySet[Run]) -> list[dict[str, Any]]:
    rows = RunTag.objects.filter(run__in=runs.order_by().values("pk")).order_by()
    counted = rows.values(value=F("name")).annotate(count=Count("pk")).order_by("-count", "value")
    return [dict(row) for row in counted[:MOST_VALUES]]
