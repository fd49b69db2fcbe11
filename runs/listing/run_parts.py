"""Parts of a list of runs, as rows with an `id`: sorted by one of their columns, or along an index of another table."""

from __future__ import annotations

from typing import Any, TypeAlias

from django.db.models import F, FilteredRelation, Q, QuerySet

from runs.listing.pagination import Part
from runs.models import Run

RunPart: TypeAlias = Part[dict[str, Any]]
VALUE, RUN = "sort_value", "sort_run"
"""What `along` annotates: the value that is sorted by, and the run as the other table has it, which breaks ties."""


def part(runs: QuerySet[Any], *by: str, tie: str = "id") -> RunPart:
    """Make a part that is sorted by those columns, of which none is null in any of the runs."""
    return Part(runs.values("id", *dict.fromkeys((tie, *by))), by, tie)


def along(runs: QuerySet[Run], relation: str, of: Q, column: str) -> QuerySet[Run]:
    """Walk the rows `of` a relation in the order of an index, each with its run; rows without a value are left out."""
    related = FilteredRelation(relation, condition=of)
    found = runs.annotate(related=related).filter(**{f"related__{column}__isnull": False})
    # By names of their own, as further conditions of `related` would each join the table once more.
    return found.annotate(**{VALUE: F(f"related__{column}"), RUN: F("related__run")})
