"""Pages of the run list, as ids: in the order and of the runs that its parameters ask for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib.auth.models import AnonymousUser, User

from runs import queries
from runs.listing.filters import chooses_all, chosen
from runs.listing.orderings import ordered
from runs.listing.pagination import NEWEST_FIRST, Page, first_page, page_of


def run_page(user: User | AnonymousUser, asked: Mapping[str, Any]) -> Page[dict[str, Any]]:
    """Return one page of rows with an `id`; `asked` are checked `RunParameters`."""
    size = asked["page_size"]
    if _are_newest(asked) and queries.sees_all(user):
        # What nearly everyone asks for: Django takes longer to write this query than a database to answer it.
        return first_page([{"id": run_id} for run_id in queries.newest_run_ids(size + 1)], size)
    parts, order = ordered(chosen(user, asked), asked["ordering"])
    return page_of(parts, order, size, asked.get("cursor"))


def _are_newest(asked: Mapping[str, Any]) -> bool:
    return chooses_all(asked) and "cursor" not in asked and asked["ordering"] == NEWEST_FIRST.name
