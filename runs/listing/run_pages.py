"""Pages of the run list, as ids: in the order and of the runs that its parameters ask for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib.auth.models import AnonymousUser, User

from runs import queries
from runs.derived_models import ListedRun
from runs.listing import orderings
from runs.listing.filters import are_chosen, chooses_all, chosen, project_limits
from runs.listing.pagination import NEWEST_FIRST, Order, Page, first_page, page_of
from runs.listing.reach import Reach, reach_of
from runs.listing.run_parts import RunPart


def run_page(user: User | AnonymousUser, asked: Mapping[str, Any]) -> Page[dict[str, Any]]:
    """Return one page of rows with an `id`; `asked` are checked `RunParameters`."""
    size = asked["page_size"]
    if _are_newest(asked):
        # What nearly everyone asks for: Django takes longer to write this query than a database to answer it.
        return first_page([{"id": run_id} for run_id in queries.newest_run_ids(user, size + 1)], size)
    return page_of(*_ordered(user, asked), size, asked.get("cursor"))


def _ordered(user: User | AnonymousUser, asked: Mapping[str, Any]) -> tuple[list[RunPart], Order]:
    limits = None if asked["deleted"] else project_limits(user, asked)
    reach = None if limits is None else reach_of(limits)
    by_project = reach is not None and not reach.as_all
    ordering = asked["ordering"]
    if orderings.is_by_number(ordering) and ("search" in asked or by_project):
        listed = ListedRun.objects.filter(are_chosen(user, asked, by_project=by_project))
        return orderings.by_number(listed, ordering, limits if limits and reach is Reach.SOME else ())
    runs = chosen(user, asked, by_project=False)
    if limits is not None and reach is Reach.FEW:
        runs = runs.filter(pk__in=ListedRun.objects.filter(project_id__in=limits).order_by().values("pk"))
    return orderings.ordered(runs, ordering)


def _are_newest(asked: Mapping[str, Any]) -> bool:
    return chooses_all(asked) and "cursor" not in asked and asked["ordering"] == NEWEST_FIRST.name
