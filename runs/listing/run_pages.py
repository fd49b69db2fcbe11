"""Pages of the run list, as ids: in the order and of the runs that its parameters ask for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.contrib.auth.models import AnonymousUser, User
from django.db.models import Q

from access.decisions import access_of
from runs import queries
from runs.derived_models import ListedRun
from runs.listing import orderings
from runs.listing.filters import are_chosen, chooses_all, chosen
from runs.listing.pagination import NEWEST_FIRST, Order, Page, first_page, page_of
from runs.listing.run_parts import RunPart

FEW = 500
"""Runs that are sorted sooner than they are found along an index among those of others."""


def run_page(user: User | AnonymousUser, asked: Mapping[str, Any]) -> Page[dict[str, Any]]:
    """Return one page of rows with an `id`; `asked` are checked `RunParameters`."""
    size = asked["page_size"]
    if _are_newest(asked):
        # What nearly everyone asks for: Django takes longer to write this query than a database to answer it.
        return first_page([{"id": run_id} for run_id in queries.newest_run_ids(user, size + 1)], size)
    return page_of(*_ordered(user, asked), size, asked.get("cursor"))


def _ordered(user: User | AnonymousUser, asked: Mapping[str, Any]) -> tuple[list[RunPart], Order]:
    limits = access_of(user).limits
    if orderings.is_by_number(asked["ordering"]) and ("search" in asked or limits is not None):
        return orderings.by_number(ListedRun.objects.filter(are_chosen(user, asked)), asked["ordering"], limits or ())
    return orderings.ordered(chosen(user, asked).filter(_among_few(limits)), asked["ordering"])


def _among_few(limits: Sequence[int] | None) -> Q:
    """Return the condition that names the runs of a user's projects, where they are few; else none.

    They are then looked up and sorted: in the order of an index a database would pass over the runs of all others.
    """
    if not limits:
        return Q()
    there = ListedRun.objects.filter(project_id__in=limits).order_by().values_list("pk", flat=True)
    numbers = list(there[: FEW + 1])
    return Q(pk__in=numbers) if len(numbers) <= FEW else Q()


def _are_newest(asked: Mapping[str, Any]) -> bool:
    return chooses_all(asked) and "cursor" not in asked and asked["ordering"] == NEWEST_FIRST.name
