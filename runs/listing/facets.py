"""Count by which tags, data, networks, owners, projects and statuses a list of runs can be filtered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from django.contrib.auth.models import User
from django.db.models import Count, Q, QuerySet

from access.models import Project
from runs.derived_models import ListedRun
from runs.listing.reach import Reach, reach_of
from runs.models import Run, RunTag
from runs.summaries import known_columns

MOST_VALUES = 200
"""Limit of values per facet; the most frequent ones are kept."""
_COLUMNS = ("status", "owner_id", "source_path", "model_name", "project_id")
"""The columns in the order of the index `listed_facets`, so that the database counts along the index."""


def facets(
    condition: Q, *, whole: bool = False, projects: Sequence[int] | None = None, searched: bool = False
) -> dict[str, Any]:
    """Count each facet's values over the runs that fulfil the condition on `ListedRun`, the most frequent first.

    `columns` are those of all runs ever made. `whole` says that the condition is to be of the `projects`, where these
    are given, and not to be deleted; `searched` that the database has to look at every run for it. The database counts
    runs that are alike in all columns at once, and their counts are added up here.
    """
    runs = ListedRun.objects.filter(condition)
    alike = list(runs.order_by().values_list(*_COLUMNS).annotate(count=Count("*")))
    status, owner, source_path, model, project = (_added_up(alike, place) for place in range(len(_COLUMNS)))
    names = dict(User.objects.filter(pk__in=owner).values_list("pk", "username"))
    names_of_projects = dict(Project.objects.filter(pk__in=project).values_list("pk", "name"))
    return {
        "count": status.total(),
        "status": [
            {"value": value, "count": status[value]} for value in Run.Status.values
        ],  # in their order, zeros too
        "tag": _values(_tags(condition, projects, whole=whole, searched=searched, found=status.total())),
        "source_path": _values(source_path),
        "model": _values(model),
        "owner": _values(Counter({names[key]: count for key, count in owner.items()})),
        "project": _values(Counter({names_of_projects[key]: count for key, count in project.items()})),
        "columns": known_columns.known(),
    }


def _tags(condition: Q, projects: Sequence[int] | None, *, whole: bool, searched: bool, found: int) -> Counter[str]:
    """Count the tags of the runs, of which so many were found.

    Tags of most runs are those of all, which are counted along their index, without those of the others.
    """
    if not found:
        return Counter()
    if whole and projects is None:
        return _counted(RunTag.objects.all()) - _tags_of(Run.objects.exclude(deleted_at=None))
    most = whole and projects is not None and reach_of(projects) is Reach.MOST
    if most or (searched and 2 * found > ListedRun.objects.count()):
        return _counted(RunTag.objects.all()) - _tags_of(ListedRun.objects.exclude(condition))
    return _tags_of(ListedRun.objects.filter(condition))


def _tags_of(runs: QuerySet[Any]) -> Counter[str]:
    return _counted(RunTag.objects.filter(run__in=runs.order_by().values("pk")))


def _counted(tags: QuerySet[RunTag]) -> Counter[str]:
    return Counter(dict(tags.order_by().values_list("name").annotate(count=Count("*"))))


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
