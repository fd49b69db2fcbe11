"""Pages of rows by cursor: the next page starts after a row, so rows that arrive meanwhile shift nothing.

Unlike DRF's own cursor this one orders by columns with nulls (always last) and with many equal values.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import Any, Generic, NamedTuple, TypeVar

from django.core import signing
from django.db.models import F, Q, QuerySet
from rest_framework.utils.urls import replace_query_param

from runs.errors import InvalidRequest

R = TypeVar("R")
SALT = "runs.cursor"


class Cursor(NamedTuple):
    """The row beside the page: the page follows it, or precedes it when `backwards`."""

    ordering: str
    values: Sequence[Any]
    tie: Any
    backwards: bool


class Order(NamedTuple):
    """An order of rows: by `columns`, all in one direction, nulls last.

    Equal rows are ordered by `tie`, which is unique and never null. `name` is the order as the request gave it: a
    cursor of one order is not valid for another.
    """

    name: str
    columns: tuple[str, ...] = ()
    descending: bool = False
    tie: str = "id"
    tie_descending: bool = True


NEWEST_FIRST = Order("-id")


@dataclass(frozen=True, slots=True)
class Page(Generic[R]):
    """One page of rows in the requested order, and whether there are others on either side."""

    rows: list[R]
    order: Order
    has_next: bool
    has_previous: bool

    def links(self, url: str) -> dict[str, str | None]:
        """Build the addresses of the neighbouring pages from this one's."""
        return {
            "next": self._link(url, self.rows[-1], backwards=False) if self.has_next else None,
            "previous": self._link(url, self.rows[0], backwards=True) if self.has_previous else None,
        }

    def _link(self, url: str, row: R, *, backwards: bool) -> str:
        values = [_plain(row, column) for column in self.order.columns]
        cursor = Cursor(self.order.name, values, _plain(row, self.order.tie), backwards)
        return replace_query_param(url, "cursor", signing.dumps(cursor, salt=SALT))


def page_of(rows: QuerySet[Any, R], order: Order, size: int, token: str | None) -> Page[R]:
    """Read one page, in one query for one row more than it has: that row says whether there are others.

    `rows` are models or dicts; `token` comes from a link of another page. Raises InvalidRequest for a wrong token.
    """
    cursor = _cursor(token, order.name) if token else None
    backwards = cursor is not None and cursor.backwards
    if cursor:
        rows = rows.filter(_beyond(cursor, order))
    found = list(rows.order_by(*_order_by(order, reverse=backwards))[: size + 1])
    shown, more = found[:size], len(found) > size
    return Page(
        rows=shown[::-1] if backwards else shown,
        order=order,
        has_next=bool(shown) and (more or backwards),
        has_previous=bool(shown) and (more if backwards else cursor is not None),
    )


def _plain(row: Any, column: str) -> Any:
    """Return a row's value as a cursor keeps it; `owner__username` is that of the row's owner."""
    value = row[column] if isinstance(row, dict) else attrgetter(column.replace("__", "."))(row)
    return value.isoformat() if isinstance(value, datetime) else value


def _order_by(order: Order, *, reverse: bool) -> Iterator[Any]:
    for column in order.columns:
        nulls = {"nulls_first": True} if reverse else {"nulls_last": True}
        yield F(column).desc(**nulls) if order.descending != reverse else F(column).asc(**nulls)
    yield F(order.tie).desc() if order.tie_descending != reverse else F(order.tie).asc()


def _beyond(cursor: Cursor, order: Order) -> Q:
    """Select the rows on the page's side of the cursor's row, in the order of `_order_by`."""
    smaller = order.tie_descending != cursor.backwards
    found = Q(**{f"{order.tie}__{'lt' if smaller else 'gt'}": cursor.tie})
    smaller = order.descending != cursor.backwards
    for column, value in zip(reversed(order.columns), reversed(cursor.values), strict=True):
        known, unknown = Q(**{f"{column}__isnull": False}), Q(**{f"{column}__isnull": True})
        if value is None:
            found &= unknown
            found = found | known if cursor.backwards else found
        else:
            found = Q(**{f"{column}__{'lt' if smaller else 'gt'}": value}) | (Q(**{column: value}) & found)
            found = found if cursor.backwards else found | unknown
    return found


def _cursor(token: str, ordering: str) -> Cursor:
    """Read a cursor; it is signed, so its content needs no further checks. Raises InvalidRequest."""
    try:
        cursor = Cursor(*signing.loads(token, salt=SALT))
    except signing.BadSignature:
        message = "Not a cursor of this server; follow the links next and previous, or leave it out to start over."
        raise InvalidRequest([{"field": "cursor", "message": message}]) from None
    if cursor.ordering != ordering:
        message = f"It belongs to ordering={cursor.ordering}; leave it out to start over in another order."
        raise InvalidRequest([{"field": "cursor", "message": message}])
    return cursor
