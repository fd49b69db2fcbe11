"""A mark of the database's state: two that are equal say that nothing was committed in between."""

from __future__ import annotations

from typing import Any

from django.db import connection


class Mark:
    """A state as one connection sees it; marks of different connections are never equal."""

    def __init__(self, connection: Any, state: object) -> None:
        self._connection, self._state = connection, state

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Mark) and self._connection is other._connection and self._state == other._state

    __hash__ = None  # type: ignore[assignment]  # it holds what cannot be hashed by value


_QUESTIONS = {
    "sqlite": "PRAGMA data_version",  # counts the commits of other connections, so the one that asks must only read
    "postgresql": "SELECT pg_current_snapshot()::text",  # who is done, who is not: a commit changes one of the two
}


def mark() -> Mark:
    """Read the present mark, from the connection of this thread."""
    with connection.cursor() as cursor:
        cursor.execute(_QUESTIONS[connection.vendor])
        return Mark(connection.connection, cursor.fetchone()[0])
