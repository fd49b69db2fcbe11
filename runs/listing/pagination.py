"""Pages of rows by cursor: the next page starts after a row, so rows that arrive meanwhile shift nothing.

Unlike DRF's own cursor this one orders by columns with many equal values, and by parts: what has no value comes after
what has one, as a part of its own. So a database needs no order of nulls that its index does not have.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import Any, Generic, NamedTuple, TypeVar

from django.core import signing
from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import F, Q, QuerySet
from rest_framework.utils.urls import replace_query_param

from runs.errors import InvalidRequest

R = TypeVar("R")
SALT = "runs.cursor.of-parts"
_STANDS_FOR_A_LANE = -1_907_050_299
"""While the query is written: no other number in it is below 0."""


class Cursor(NamedTuple):
    """The row beside the page: the page follows it, or precedes it when `backwards`; `part` is where the row is."""

    ordering: str
    part: int
    values: Sequence[Any]
    tie: Any
    backwards: bool


class Part(NamedTuple, Generic[R]):
    """Rows that an index can give in their order: by `columns`, of which none is null in any of the rows.

    Equal rows are ordered by `tie`, which is unique. With `lanes`, which divide the rows, it can do so for each of them
    alone; such rows are dicts with nothing but an `id`, by which they are ordered.
    """

    rows: QuerySet[Any, R]
    columns: tuple[str, ...] = ()
    tie: str = "id"
    lanes: Lanes | None = None


class Lanes(NamedTuple):
    """Rows divided by the values of a column, a number."""

    column: str
    values: Sequence[int]


class Order(NamedTuple):
    """The directions of an order. `name` is the order as the request gave it: of another, a cursor is not valid."""

    name: str
    descending: bool = False
    tie_descending: bool = True


NEWEST_FIRST = Order("-id")


@dataclass(frozen=True, slots=True)
class Page(Generic[R]):
    """One page of rows in the requested order, and whether there are others on either side."""

    rows: list[R]
    ends: tuple[Cursor, Cursor] | None
    """Of the first and of the last row; None where there are no rows."""
    has_next: bool
    has_previous: bool

    def links(self, url: str) -> dict[str, str | None]:
        """Build the addresses of the neighbouring pages from this one's."""
        return {
            "next": _link(url, self.ends[1], backwards=False) if self.ends and self.has_next else None,
            "previous": _link(url, self.ends[0], backwards=True) if self.ends and self.has_previous else None,
        }


def page_of(parts: Sequence[Part[R]], order: Order, size: int, token: str | None) -> Page[R]:
    """Read one page of the parts, which follow each other, with one row more: it says whether there are others.

    Only the parts that the page reaches into are asked. Rows are models or dicts; `token` comes from a link of another
    page. Raises InvalidRequest for a wrong token.
    """
    cursor = _cursor(token, order.name, parts) if token else None
    backwards = cursor is not None and cursor.backwards
    found: list[tuple[int, R]] = []
    for number in _order_of_parts(len(parts), cursor):
        part = parts[number]
        beside = cursor if cursor is not None and cursor.part == number else None
        rows = part.rows.filter(_beyond(beside, part, order)) if beside else part.rows
        in_order = rows.order_by(*_order_by(part, order, reverse=backwards))
        found += [(number, row) for row in _first(in_order, part, order, size + 1 - len(found), backwards=backwards)]
        if len(found) > size:
            break
    shown, more = found[:size], len(found) > size
    shown = shown[::-1] if backwards else shown
    return Page(
        rows=[row for _, row in shown],
        ends=(_beside(parts, order, *shown[0]), _beside(parts, order, *shown[-1])) if shown else None,
        has_next=bool(shown) and (more or backwards),
        has_previous=bool(shown) and (more if backwards else cursor is not None),
    )


def _first(rows: QuerySet[Any, R], part: Part[R], order: Order, number: int, *, backwards: bool) -> list[R]:
    """Read the first of the rows, which are in their order: of lanes those of each, merged."""
    if part.lanes is None:
        return list(rows[:number])
    try:
        found = _merged(rows, part.lanes, number, descending=order.tie_descending != backwards)
    except EmptyResultSet:
        return []
    return [{"id": row_id} for row_id in found]  # type: ignore[misc]  # as `Part` says


def _merged(rows: QuerySet[Any, Any], lanes: Lanes, number: int, *, descending: bool) -> list[int]:
    """Read the first ids of all lanes in one query, of which Django writes the part of a lane once."""
    sql, given = rows.filter(**{lanes.column: _STANDS_FOR_A_LANE})[:number].query.sql_with_params()
    place = given.index(_STANDS_FOR_A_LANE)
    each = " UNION ALL ".join(f"SELECT id FROM ({sql}) AS lane_{lane}" for lane in range(len(lanes.values)))  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(
            f"{each} ORDER BY id {'DESC' if descending else 'ASC'} LIMIT {number:d}",
            [one for value in lanes.values for one in (*given[:place], value, *given[place + 1 :])],
        )
        return [row_id for (row_id,) in cursor.fetchall()]


def first_page(rows: Sequence[R], size: int) -> Page[R]:
    """Make the first page of rows that are `NEWEST_FIRST` of one part; with one row more there are others."""
    shown = list(rows[:size])
    ends = [Cursor(NEWEST_FIRST.name, 0, [], _plain(row, "id"), False) for row in (*shown[:1], *shown[-1:])]
    return Page(shown, ends=(ends[0], ends[1]) if ends else None, has_next=len(rows) > size, has_previous=False)


def _order_of_parts(number: int, cursor: Cursor | None) -> Iterable[int]:
    if cursor is None:
        return range(number)
    return range(cursor.part, -1, -1) if cursor.backwards else range(cursor.part, number)


def _beside(parts: Sequence[Part[R]], order: Order, number: int, row: R) -> Cursor:
    part = parts[number]
    values = [_plain(row, column) for column in part.columns]
    return Cursor(order.name, number, values, _plain(row, part.tie), False)


def _link(url: str, cursor: Cursor, *, backwards: bool) -> str:
    token = signing.dumps(cursor._replace(backwards=backwards), salt=SALT)
    return replace_query_param(url, "cursor", token)


def _plain(row: Any, column: str) -> Any:
    """Return a row's value as a cursor keeps it; `owner__username` is that of the row's owner."""
    value = row[column] if isinstance(row, dict) else attrgetter(column.replace("__", "."))(row)
    return value.isoformat() if isinstance(value, datetime) else value


def _order_by(part: Part[Any], order: Order, *, reverse: bool) -> Iterator[Any]:
    for column in part.columns:
        yield F(column).desc() if order.descending != reverse else F(column).asc()
    yield F(part.tie).desc() if order.tie_descending != reverse else F(part.tie).asc()


def _beyond(cursor: Cursor, part: Part[Any], order: Order) -> Q:
    """Select the rows on the page's side of the cursor's row, in the order of `_order_by`."""
    smaller = order.tie_descending != cursor.backwards
    found = Q(**{f"{part.tie}__{'lt' if smaller else 'gt'}": cursor.tie})
    way = "lt" if order.descending != cursor.backwards else "gt"
    for column, value in zip(reversed(part.columns), reversed(cursor.values), strict=True):
        # The first condition follows from the second, but it alone lets the database begin in the midst of an index.
        found = Q(**{f"{column}__{way}e": value}) & (Q(**{f"{column}__{way}": value}) | found)
    return found


def _cursor(token: str, ordering: str, parts: Sequence[Part[Any]]) -> Cursor:
    """Read a cursor; it is signed, so its content needs few further checks. Raises InvalidRequest."""
    try:
        cursor = Cursor(*signing.loads(token, salt=SALT))
    except signing.BadSignature:
        message = "Not a cursor of this server; follow the links next and previous, or leave it out to start over."
        raise InvalidRequest([{"field": "cursor", "message": message}]) from None
    if cursor.ordering != ordering:
        message = f"It belongs to ordering={cursor.ordering}; leave it out to start over in another order."
        raise InvalidRequest([{"field": "cursor", "message": message}])
    if cursor.part >= len(parts) or len(cursor.values) != len(parts[cursor.part].columns):
        message = "It is of an earlier version of this server; leave it out to start over."
        raise InvalidRequest([{"field": "cursor", "message": message}])
    return cursor
