"""Group runs by what they have in common: their number by status, the newest one, and mean and spread.

The spread is that of the final statistics over the completed runs, per split, as each run's own headline has them: `sd`
is the sample's standard deviation (n - 1). There is no interval: runs that share a name or a tag are no independent
draws of anything. For the folds of a cross-validation `groups.statistics` has intervals, and their predictions counted
together.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from django.db import connection
from django.db.models import Count, F, Max, Q, QuerySet, Sum

from runs.derived_models import ListedRun
from runs.listing import final_spreads
from runs.listing.final_spreads import Counted
from runs.listing.pagination import Order, Page, Part, page_of
from runs.listing.reach import Reach, reach_of
from runs.models import Run, RunTag
from runs.queries import with_summary

BY = {
    "experiment": "experiment_name",
    "tag": "name",
    "group": "group_id",
    "dataset": "source_path",
    "model": "model_name",
    "owner": "owner__username",
}
"""What groups are made by, as columns of the short rows, or of the tags."""
Group = dict[str, Any]
_Statuses = dict[Any, dict[str, Counted]]


def page_of_groups(
    condition: Q,
    by: str,
    size: int,
    token: str | None,
    *,
    whole: bool = False,
    projects: Sequence[int] | None = None,
    searched: bool = False,
) -> Page[Group]:
    """Return one page of groups, those with the newest runs first, in six queries and of tags in ten.

    Each has `key`, `count`, `statuses`, `newest` (a Run) and `splits`. A run counts once for each of its tags; runs
    without a value to group by are in no group. The runs are those that fulfil the condition on `ListedRun`, which is
    one on `Run` too unless words are `searched`. `whole` says that it is to be of the `projects`, where these are
    given, and not to be deleted: tags are counted along their index then.
    """
    runs = ListedRun.objects.filter(condition)
    of_tags = by == "tag"
    members = _tags(condition, projects, whole=whole) if of_tags else _members(runs, by)
    number = "run_id" if of_tags else "pk"
    counted = members.order_by().values(key=F(BY[by])).annotate(newest=Max(number), count=Count("*"))
    order = Order(f"grouped by {by}", descending=True, tie_descending=False)
    page = page_of([Part(counted, ("newest",), "key")], order, size, token)
    newest = with_summary(Run.objects.filter(pk__in=[row["newest"] for row in page.rows])).in_bulk()

    def counts(keys: Collection[Any]) -> _Statuses:
        if of_tags and whole:
            return _statuses_of_all_tags(keys, projects)
        of_keys = members.filter(**{f"{BY[by]}__in": list(keys)})
        return _statuses_of_tags(of_keys, page.rows) if of_tags else _statuses(of_keys, BY[by], marked=whole)

    # Counted for this page alone: for all groups at once, each run would be looked at once for each status.
    statuses = counts([row["key"] for row in page.rows])
    if of_tags:  # of whole rows: these are what Django joins with tags
        runs_of_groups: QuerySet[Any] = Run.objects.filter(
            Q(pk__in=runs.order_by().values("pk")) if searched else condition
        )
    else:
        runs_of_groups = runs
    column = "tag_rows__name" if of_tags else BY[by]
    splits = final_spreads.of_groups(
        runs_of_groups, column, _completed(statuses, statuses), lambda keys: _completed(counts(keys), keys)
    )
    for row in page.rows:
        row["run"] = newest.get(row["newest"])
        row["statuses"] = {status: counted.number for status, counted in statuses[row["key"]].items()}
        row["splits"] = splits.get(row["key"], {})
    return page


def _completed(statuses: _Statuses, keys: Collection[Any]) -> dict[Any, Counted]:
    return {key: statuses.get(key, {}).get(Run.Status.COMPLETED, Counted()) for key in keys}


def _members(runs: QuerySet[ListedRun], by: str) -> QuerySet[Any, Any]:
    """Select the runs that are in a group."""
    if by == "model":
        return runs.exclude(model_name="")
    return runs.filter(group_id__isnull=False) if by == "group" else runs


def _tags(condition: Q, projects: Sequence[int] | None, *, whole: bool) -> QuerySet[RunTag]:
    """Select the tags of the runs; of all runs or most, those but the few of the others."""
    if whole and projects is None:
        return RunTag.objects.exclude(run__in=Run.objects.exclude(deleted_at=None).order_by().values("pk"))
    if whole and projects is not None and reach_of(projects) is Reach.MOST:
        return RunTag.objects.exclude(run__in=ListedRun.objects.exclude(condition).order_by().values("pk"))
    return RunTag.objects.filter(run__in=ListedRun.objects.filter(condition).order_by().values("pk"))


def _statuses(members: QuerySet[Any, Any], column: str, *, marked: bool) -> _Statuses:
    """Count the runs of each group that have each status, `marked` with their marks.

    Only of all runs of projects do these tell each change: what else runs are chosen by is not in their rows.
    """
    counted = members.order_by().values_list(column, "status").annotate(number=Count("*"), marks=Sum("mark"))
    rows = ((key, status, number, marks if marked else None) for key, status, number, marks in counted)
    return _in_order((key, status, Counted(number, marks)) for key, status, number, marks in rows)


def _statuses_of_all_tags(names: Collection[str], projects: Sequence[int] | None) -> _Statuses:
    """Count as `_statuses` the runs of each tag, joined with their short rows, for which Django has no relation."""
    if not names or projects == []:
        return {}
    among = "" if projects is None else f" AND project_id IN ({', '.join(['%s'] * len(projects))})"
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT name, status, COUNT(*), SUM(mark) FROM {RunTag._meta.db_table}"  # noqa: S608  # our own names
            f" JOIN {ListedRun._meta.db_table} AS listed ON listed.id = run_id"
            f" WHERE deleted_at IS NULL AND name IN ({', '.join(['%s'] * len(names))}){among} GROUP BY name, status",
            [*names, *(projects or ())],
        )
        counted = cursor.fetchall()
    return _in_order((name, status, Counted(number, marks)) for name, status, number, marks in counted)


def _statuses_of_tags(members: QuerySet[RunTag], rows: Collection[Group]) -> _Statuses:
    """Count as `_statuses`, but not the completed runs: nearly all are, so the rest of each row is."""
    rest = {row["key"]: row["count"] for row in rows}
    found = []
    for status in (status for status in Run.Status.values if status != Run.Status.COMPLETED):
        having = Run.objects.filter(status=status).order_by().values("pk")
        counted = members.filter(run__in=having).order_by().values_list("name").annotate(number=Count("*"))
        for name, number in counted:
            found.append((name, str(status), number))
            rest[name] -= number
    found += [(name, Run.Status.COMPLETED, number) for name, number in rest.items()]
    return _in_order((name, str(status), Counted(number)) for name, status, number in found)


def _in_order(counted: Iterable[tuple[Any, str, Counted]]) -> _Statuses:
    """Sort the statuses of each group as the model does; those that do not occur are left out."""
    places = {status: place for place, status in enumerate(Run.Status.values)}
    found: _Statuses = defaultdict(dict)
    for key, status, of_status in sorted(counted, key=lambda row: places[row[1]]):
        if of_status.number:
            found[key][status] = of_status
    return found
