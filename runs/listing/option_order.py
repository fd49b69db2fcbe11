"""Sort runs by an option of their configurations: numbers, then texts, then runs without a value.

Most runs have the common value of an option, and no row that says so: they follow each other as a part of their own,
at the place of that value.
"""

from __future__ import annotations

from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from runs.derived_models import KnownColumn, OptionValue
from runs.listing.run_parts import RUN, VALUE, RunPart, along, part
from runs.models import Run

NUMBER, TEXT = "number", "text"


def by_option(runs: QuerySet[Run], name: str, descending: bool) -> list[RunPart]:
    """Divide the runs into parts; `name` is one of the known columns."""
    option = KnownColumn.objects.get(kind=KnownColumn.Kind.CONFIG, name=name)
    common: Any = option.common_number if option.common_text is None else option.common_text
    stored = OptionValue.objects.filter(column=option, run=OuterRef("pk"))
    alike = runs.filter(pk__gte=option.since).exclude(Exists(stored)) if common is not None else None
    numbers, texts = (along(runs, "option_values", Q(option_values__column=option.pk), by) for by in (NUMBER, TEXT))
    return [
        *_around(numbers, common, alike if type(common) is float else None, descending),
        *_around(texts, common, alike if type(common) is str else None, descending),
        part(_without(runs, option, stored, known=common is not None)),
    ]


def _around(stored: QuerySet[Run], common: Any, alike: QuerySet[Run] | None, descending: bool) -> list[RunPart]:
    """Put the runs that have the common value in their place among those with a row.

    Rows with that value are of runs before all those, so they come after them.
    """
    if alike is None:
        return [part(stored, VALUE, tie=RUN)]
    before, after = ("gt", "lte") if descending else ("lt", "gte")
    return [
        part(stored.filter(**{f"{VALUE}__{before}": common}), VALUE, tie=RUN),
        part(alike),
        part(stored.filter(**{f"{VALUE}__{after}": common}), VALUE, tie=RUN),
    ]


def _without(runs: QuerySet[Run], option: KnownColumn, stored: QuerySet[OptionValue], *, known: bool) -> QuerySet[Run]:
    """Select the runs without a value: they have a row that says so, or are older than the option."""
    has = stored.filter(Q(number__isnull=False) | Q(text__isnull=False))
    without = runs.exclude(Exists(has))
    return without.filter(Q(pk__lt=option.since) | Exists(stored)) if known else without
