"""What is new in one run's journal, by one plain question: every value waits for it on its way to a client.

The ORM writes two questions in four times the time that the database takes to answer both.
"""

from __future__ import annotations

from typing import Any, NamedTuple, cast

from django.db import connection

from realtime.wire.frames import FRAME_EVENTS, Item, items, read
from runs.models import Run, RunEvent
from runs.queries import Head, heads

PRELOAD = 2_000
"""Newest events that a new hub reads at once: after a restart all clients come back with a recent number."""
_STATE = 5  # the first columns: those of the run's row
_QUESTION = f"""
SELECT run.last_seq, run.status, run.touched_at, run.deleted_at, run.project_id,
    event.seq, event.attempt, event.type, event.timestamp, event.data
FROM "{Run._meta.db_table}" run
    LEFT JOIN "{RunEvent._meta.db_table}" event
    ON event.run_id = run.id AND event.seq > %s AND event.seq <= run.last_seq
WHERE run.id = %s ORDER BY event.seq LIMIT {FRAME_EVENTS}
"""  # noqa: S608  (names of tables)


class News(NamedTuple):
    """The first items after number `after`, of a journal that goes up to `last`; no head: the run is gone.

    `state` is the run's row as the database has it, without `last_seq`.
    """

    head: Head | None
    last: int
    after: int
    items: list[Item]
    state: tuple[Any, ...] = ()


class _Row(NamedTuple):
    """An event as `items` takes it."""

    run_id: int
    seq: int
    attempt: int
    type: str
    timestamp: str
    data: str


def first(run_id: int) -> News:
    """Read where a hub begins that knows nothing: with the newest events."""
    found = next(iter(heads([run_id])), None)
    last = 0 if found is None else found.last_seq
    after = max(0, last - PRELOAD)
    return News(found, last, after, read(run_id, after, last) if last > after else [])


def following(run_id: int, known: News) -> News:
    """Read what follows the items of `known`, in one turn of the thread what most looks find."""
    after = known.items[-1].last if known.items else known.after
    with connection.cursor() as cursor:
        cursor.execute(_QUESTION, [after, run_id])
        rows = cursor.fetchall()
    if not rows:
        return News(None, 0, after, [])
    last, *state = rows[0][:_STATE]
    return News(_head(run_id, last, known, tuple(state)), last, after, _items(run_id, after, last, rows), tuple(state))


def _head(run_id: int, last: int, known: News, state: tuple[Any, ...]) -> Head | None:
    """Take over what is as it was: reading times from the columns of a database is the ORM's work."""
    if known.head is not None and known.state == state:
        return known.head._replace(last_seq=last)
    found = next(iter(heads([run_id])), None)
    return found and found._replace(last_seq=last)


def _items(run_id: int, after: int, last: int, rows: list[tuple[Any, ...]]) -> list[Item]:
    if last <= after:
        return []
    events = [_Row(run_id, *row[_STATE:]) for row in rows if row[_STATE] is not None]
    until = events[-1].seq if events else after
    if until - after != len(events) or (len(events) < FRAME_EVENTS and until != last):
        return read(run_id, after, last)  # some are packed or pruned
    return items(run_id, cast("list[RunEvent]", events), after, until)
