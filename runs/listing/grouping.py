"""Group runs by what they have in common: their number by status, the newest one, and mean and spread.

The spread is that of the final statistics over the completed runs, per split, as each run's own headline has them: `sd`
is the sample's standard deviation (n - 1). There is no interval: runs that share a name or a tag are no independent
draws of anything. For the folds of a cross-validation `groups.statistics` has intervals, and their predictions counted
together.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from typing import Any

from django.db.models import Count, F, Max, Q, QuerySet

from runs.listing.pagination import Order, Page, Part, page_of
from runs.models import Run
from runs.queries import with_summary
from runs.statistics.fold_statistics import described

BY = {
    "experiment": "experiment_name",
    "tag": "tag_rows__name",
    "group": "group_id",
    "dataset": "source_path",
    "model": "model_name",
    "owner": "owner__username",
}
METRICS = ("precision", "recall", "f1", "auroc")
Group = dict[str, Any]
Splits = dict[str, dict[str, Any]]


def page_of_groups(runs: QuerySet[Run], by: str, size: int, token: str | None) -> Page[Group]:
    """Return one page of groups, those with the newest runs first, in five queries.

    Each has `key`, `count`, `statuses`, `newest` (a Run) and `splits`. A run counts once for each of its tags; runs
    without a value to group by are in no group.
    """
    column = BY[by]
    known = runs.filter(**{f"{column}__isnull": False})
    if by == "model":
        known = known.exclude(model_name="")
    counted = {"newest": Max("pk"), "count": Count("pk"), **_counts()}
    rows: QuerySet[Any, Any] = known.order_by().values(key=F(column)).annotate(**counted)
    order = Order(f"grouped by {by}", descending=True, tie_descending=False)
    page = page_of([Part(rows, ("newest",), "key")], order, size, token)
    newest = with_summary(Run.objects.filter(pk__in=[row["newest"] for row in page.rows])).in_bulk()
    splits = _splits(runs, column, [row["key"] for row in page.rows])
    for row in page.rows:
        row["run"] = newest.get(row["newest"])
        row["statuses"] = {status: number for status in Run.Status.values if (number := row.pop(f"n_{status}"))}
        row["splits"] = splits.get(row["key"], {})
    return page


def _counts() -> dict[str, Count]:
    return {f"n_{status}": Count("pk", filter=Q(status=status)) for status in Run.Status.values}


def _splits(runs: QuerySet[Run], column: str, keys: Collection[Any]) -> dict[Any, Splits]:
    completed = runs.filter(status=Run.Status.COMPLETED, **{f"{column}__in": keys}).exclude(final_split="")
    found: dict[tuple[Any, str], list[tuple[Any, ...]]] = defaultdict(list)
    columns = [f"final_{name}" for name in METRICS]
    for key, split, *numbers in completed.order_by().values_list(column, "final_split", *columns):
        found[key, split].append(tuple(numbers))
    splits: dict[Any, Splits] = defaultdict(dict)
    for (key, split), rows in found.items():
        statistics = {
            name: described(values)._asdict() for name, values in zip(METRICS, zip(*rows, strict=True), strict=True)
        }
        splits[key][split] = {"runs": len(rows), "statistics": statistics}
    return splits
