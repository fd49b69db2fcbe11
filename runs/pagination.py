"""Pages of rows by cursor: the next page starts after a row, so rows that arrive meanwhile shift nothing.

Unlike DRF's own cursor this one orders by columns with nulls (always last) and with many equal values.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, NamedTuple, TypeVar

from django.core import signing
from django.db.models import F, Model, Q, QuerySet
from rest_framework.utils.urls import replace_query_param

from runs.errors import InvalidRequest

M = TypeVar("M", bound=Model)
SALT = "runs.cursor"


class Cursor(NamedTuple):
    """The row beside the page: the page follows it, or precedes it when `backwards`."""

    ordering: str
    value: Any
    id: int
    backwards: bool


@dataclass(frozen=True, slots=True)
class Page(Generic[M]):
    """Rows in the order asked for, and whether there are others on either side."""

    rows: list[M]
    ordering: str
    has_next: bool
    has_previous: bool

    def links(self, url: str) -> dict[str, str | None]:
        """Addresses of the neighbouring pages, made from this one's."""
        return {
            "next": self._link(url, self.rows[-1], backwards=False) if self.has_next else None,
            "previous": self._link(url, self.rows[0], backwards=True) if self.has_previous else None,
        }

    def _link(self, url: str, row: M, *, backwards: bool) -> str:
        value = getattr(row, self.ordering.removeprefix("-"))
        plain = value.isoformat() if isinstance(value, datetime) else value
        token = signing.dumps(Cursor(self.ordering, plain, row.pk, backwards), salt=SALT)
        return replace_query_param(url, "cursor", token)


def page_of(rows: QuerySet[M], ordering: str, size: int, token: str | None) -> Page[M]:
    """One query, of one row more than the page has: that row says whether there are others. Equal values: newest first.

    `ordering` is a column, with a leading - to descend; `token` comes from a link of another page.
    """
    cursor = _cursor(token, ordering) if token else None
    backwards = cursor is not None and cursor.backwards
    if cursor:
        rows = rows.filter(_beyond(cursor))
    found = list(rows.order_by(*_order_by(ordering, reverse=backwards))[: size + 1])
    shown, more = found[:size], len(found) > size
    return Page(
        rows=shown[::-1] if backwards else shown,
        ordering=ordering,
        has_next=bool(shown) and (more or backwards),
        has_previous=bool(shown) and (more if backwards else cursor is not None),
    )


def _order_by(ordering: str, *, reverse: bool) -> Sequence[Any]:
    name, descending = ordering.removeprefix("-"), ordering.startswith("-")
    column = F(name)
    if name == "id":
        return [column.desc() if descending != reverse else column.asc()]
    if reverse:
        return [column.asc(nulls_first=True) if descending else column.desc(nulls_first=True), F("id").asc()]
    return [column.desc(nulls_last=True) if descending else column.asc(nulls_last=True), F("id").desc()]


def _beyond(cursor: Cursor) -> Q:
    """The rows on the page's side of the cursor's row, in the order of `_order_by`."""
    name, descending = cursor.ordering.removeprefix("-"), cursor.ordering.startswith("-")
    smaller = descending != cursor.backwards
    if name == "id":
        return Q(id__lt=cursor.id) if smaller else Q(id__gt=cursor.id)
    tie = Q(id__gt=cursor.id) if cursor.backwards else Q(id__lt=cursor.id)
    if cursor.value is None:
        equal = Q(**{f"{name}__isnull": True}) & tie
        return equal | Q(**{f"{name}__isnull": False}) if cursor.backwards else equal
    beyond = Q(**{f"{name}__{'lt' if smaller else 'gt'}": cursor.value}) | (Q(**{name: cursor.value}) & tie)
    return beyond if cursor.backwards else beyond | Q(**{f"{name}__isnull": True})


def _cursor(token: str, ordering: str) -> Cursor:
    """Signed, so what it says needs no further checks."""
    try:
        cursor = Cursor(*signing.loads(token, salt=SALT))
    except signing.BadSignature:
        message = "Not a cursor of this server; follow the links next and previous, or leave it out to begin anew."
        raise InvalidRequest([{"field": "cursor", "message": message}]) from None
    if cursor.ordering != ordering:
        message = f"It belongs to ordering={cursor.ordering}; leave it out to begin anew in another order."
        raise InvalidRequest([{"field": "cursor", "message": message}])
    return cursor
