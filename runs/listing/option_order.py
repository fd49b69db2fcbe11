"""Sort runs by an option of their configurations: numbers, then texts, then runs without a value.

Most runs have the common value of an option, and no row that says so: they follow each other as a part of their own,
at the place of that value.
"""

from __future__ import annotations

from typing import Any

from django.db.models import Exists, F, FilteredRelation, OuterRef, Q, QuerySet

from runs.derived_models import KnownColumn, OptionValue
from runs.listing.pagination import Part
from runs.models import Run

Parts = list[Part[dict[str, Any]]]
NUMBER, TEXT = "number", "text"
VALUE, RUN = "sort_value", "sort_run"


def by_option(runs: QuerySet[Run], name: str, descending: bool) -> Parts:
    """Divide the runs into parts; `name` is one of the known columns."""
    option = KnownColumn.objects.get(kind=KnownColumn.Kind.CONFIG, name=name)
    common: Any = option.common_number if option.common_text is None else option.common_text
    stored = OptionValue.objects.filter(column=option, run=OuterRef("pk"))
    alike = runs.filter(pk__gte=option.since).exclude(Exists(stored)) if common is not None else None
    numbers, texts = (
        _around(_stored(runs, option, by), common if type(common) is type_ else None, alike, descending)
        for by, type_ in ((NUMBER, float), (TEXT, str))
    )
    return [*numbers, *texts, _part(_without(runs, option, stored, known=common is not None))]


def _stored(runs: QuerySet[Run], option: KnownColumn, by: str) -> QuerySet[Run]:
    of_option = FilteredRelation("option_values", condition=Q(option_values__column=option.pk))
    found = runs.annotate(option=of_option).filter(**{f"option__{by}__isnull": False})
    # By names of their own, as further conditions of `option` would each join the table once more.
    return found.annotate(**{VALUE: F(f"option__{by}"), RUN: F("option__run")})


def _around(stored: QuerySet[Run], common: Any, alike: QuerySet[Run] | None, descending: bool) -> Parts:
    """Put the runs that have the common value in their place among those with a row.

    Rows with that value are of runs before all those, so they come after them.
    """
    if common is None or alike is None:
        return [_part(stored, VALUE)]
    before, after = ("gt", "lte") if descending else ("lt", "gte")
    return [
        _part(stored.filter(**{f"{VALUE}__{before}": common}), VALUE),
        _part(alike),
        _part(stored.filter(**{f"{VALUE}__{after}": common}), VALUE),
    ]


def _without(runs: QuerySet[Run], option: KnownColumn, stored: QuerySet[OptionValue], *, known: bool) -> QuerySet[Run]:
    """Select the runs without a value: they have a row that says so, or are older than the option."""
    has = stored.filter(Q(number__isnull=False) | Q(text__isnull=False))
    without = runs.exclude(Exists(has))
    return without.filter(Q(pk__lt=option.since) | Exists(stored)) if known else without


def _part(runs: QuerySet[Run], *by: str) -> Part[dict[str, Any]]:
    tie = RUN if by else "id"
    return Part(runs.values("id", *dict.fromkeys((tie, *by))), by, tie)
