"""Group runs by what they have in common: their number by status, the newest one, and mean and spread.

The spread is that of the final statistics over the completed runs, per split, as each run's own headline has them: `sd`
is the sample's standard deviation (n - 1). There is no interval: runs that share a name or a tag are no independent
draws of anything. For the folds of a cross-validation `groups.statistics` has intervals, and their predictions counted
together.
"""

from __future__ import annotations

from typing import Any

from django.db.models import Count, F, Max, Q, QuerySet

from runs.listing import final_spreads
from runs.listing.pagination import Order, Page, Part, page_of
from runs.models import Run, RunTag
from runs.queries import with_summary

BY = {
    "experiment": "experiment_name",
    "tag": "tag_rows__name",
    "group": "group_id",
    "dataset": "source_path",
    "model": "model_name",
    "owner": "owner__username",
}
Group = dict[str, Any]


def page_of_groups(runs: QuerySet[Run], by: str, size: int, token: str | None, *, whole: bool = False) -> Page[Group]:
    """Return one page of groups, those with the newest runs first, in five or six queries.

    Each has `key`, `count`, `statuses`, `newest` (a Run) and `splits`. A run counts once for each of its tags; runs
    without a value to group by are in no group. `whole` says that `runs` are all that are not deleted: tags are counted
    along their index then.
    """
    column = BY[by]
    rows = _all_tags() if by == "tag" and whole else _counted(runs, by)
    order = Order(f"grouped by {by}", descending=True, tie_descending=False)
    page = page_of([Part(rows, ("newest",), "key")], order, size, token)
    newest = with_summary(Run.objects.filter(pk__in=[row["newest"] for row in page.rows])).in_bulk()
    for row in page.rows:
        row["run"] = newest.get(row["newest"])
        row["statuses"] = _statuses(row)
    completed = {row["key"]: row["statuses"].get(Run.Status.COMPLETED, 0) for row in page.rows}
    splits = final_spreads.of_groups(runs, column, completed)
    for row in page.rows:
        row["splits"] = splits.get(row["key"], {})
    return page


def _counted(runs: QuerySet[Run], by: str) -> QuerySet[Any, Any]:
    """Count the runs of each group, in all and by status, and find the newest."""
    column = BY[by]
    known = runs.filter(**{f"{column}__isnull": False})
    if by == "model":
        known = known.exclude(model_name="")
    by_status = {f"n_{status}": Count("pk", filter=Q(status=status)) for status in Run.Status.values}
    counted = {"newest": Max("pk"), "count": Count("pk"), **by_status}
    return known.order_by().values(key=F(column)).annotate(**counted)


def _all_tags() -> QuerySet[Any, Any]:
    """Count as `_counted` the runs of each tag, but not the completed ones: nearly all are, so the rest is.

    No run is read, only the indexes of tags and of statuses.
    """
    deleted = Run.objects.exclude(deleted_at=None).order_by().values("pk")
    others = {
        f"n_{status}": Count("run_id", filter=Q(run__in=Run.objects.filter(status=status).order_by().values("pk")))
        for status in Run.Status.values
        if status != Run.Status.COMPLETED
    }
    counted = {"newest": Max("run_id"), "count": Count("*"), **others}
    return RunTag.objects.exclude(run__in=deleted).order_by().values(key=F("name")).annotate(**counted)


def _statuses(row: Group) -> dict[str, int]:
    """Take the numbers of the statuses that occur out of the row, in the order of the statuses."""
    numbers = {status: row.pop(f"n_{status}", None) for status in Run.Status.values}
    rest = row["count"] - sum(number or 0 for number in numbers.values())
    known = {status: rest if number is None else number for status, number in numbers.items()}
    return {status: number for status, number in known.items() if number}
