"""A mark of the database's state: two that are equal say that nothing was committed in between."""

from __future__ import annotations

from typing import Any, NamedTuple

from django.db import connection


class Mark(NamedTuple):
    """A state as one connection sees it; marks of different connections are never equal."""

    connection: Any
    state: object

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Mark) and self.connection is other.connection and self.state == other.state

    __hash__ = None  # type: ignore[assignment]


_QUESTIONS = {
    "sqlite": "PRAGMA data_version",  # counts the commits of other connections, so the one that asks must only read
    "postgresql": "SELECT pg_current_snapshot()::text",  # who is done, who is not: a commit changes one of the two
}


def mark() -> Mark:
    """Read the present mark, from the connection of this thread."""
    with connection.cursor() as cursor:
        cursor.execute(_QUESTIONS[connection.vendor])
        return Mark(connection.connection, cursor.fetchone()[0])
