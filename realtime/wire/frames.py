"""The wire format: items of a run's stream, and text frames made of them.

An item covers the numbers `first` to `last`. An event covers its own; a marker
`{"type": "skipped", "run_id", "from", "to"}` covers a range of events that are not sent. The items a client gets
cover every number after its `?after=` exactly once and in order, so the next item's `first` is always the last
one's `last` + 1. Markers stand only for ephemeral events: pruned ones, or old ones that a client very far behind
is spared; both kinds may be fetched over HTTP as far as the journal still has them.

An event that is too large for one message is replaced by a link to it, which has the event's number and says its type:
`{"type": "large", "run_id", "seq", "attempt", "timestamp", "event", "bytes", "url"}`. The final statistics of a run
with more than some 600 classes are such events.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from runs.events import EPHEMERAL_TYPES, EVENT_TYPES
from runs.models import RunEvent
from runs.queries import events_after
from runs.serializers import event_envelope, links

FRAME_EVENTS = 500
FRAME_BYTES = 131_072
"""A frame of several items stays below that."""
ITEM_BYTES = 1_000_000
"""What is longer is linked. Daphne raises for a message above 1 MiB, and clients give up the connection by default."""
DURABLE_TYPES = tuple(sorted(set(EVENT_TYPES) - EPHEMERAL_TYPES))


class Item(NamedTuple):
    """One envelope or marker, encoded."""

    first: int
    last: int
    text: str


class Frame(NamedTuple):
    """A JSON array as it is sent: `events` items up to number `last`."""

    text: str
    last: int
    events: int


def skipped(run_id: int, first: int, last: int) -> Item:
    """Make the marker in place of the ephemeral events `first` to `last`."""
    return Item(first, last, f'{{"type":"skipped","run_id":{run_id},"from":{first},"to":{last}}}')


def items(run_id: int, events: Iterable[RunEvent], after: int, until: int) -> list[Item]:
    """Cover the numbers after `after` up to `until`: with the events, and markers where there is none."""
    covered: list[Item] = []
    for event in events:
        if event.seq > after + 1:
            covered.append(skipped(run_id, after + 1, event.seq - 1))
        covered.append(_item(event))
        after = event.seq
    if until > after:
        covered.append(skipped(run_id, after + 1, until))
    return covered


def _item(event: RunEvent) -> Item:
    text = event_envelope(event)
    size = encoded_size(text)
    return Item(event.seq, event.seq, text if size <= ITEM_BYTES else _link(event, size))


def _link(event: RunEvent, size: int) -> str:
    url = f"{links(event.run_id)['events']}?after={event.seq - 1}&limit=1"
    return (
        f'{{"type":"large","run_id":{event.run_id},"seq":{event.seq},"attempt":{event.attempt},'
        f'"timestamp":"{event.timestamp}","event":"{event.type}","bytes":{size},"url":"{url}"}}'
    )


def encoded_size(text: str) -> int:
    """Count the bytes of the text as it is sent."""
    return len(text) if text.isascii() else len(text.encode())


def frame(covering: Sequence[Item]) -> Frame:
    """Make a frame of as many of the items (at least one) as it may hold."""
    size, count = 2, 0
    for item in covering[:FRAME_EVENTS]:
        size += encoded_size(item.text) + 1
        if count and size > FRAME_BYTES:
            break
        count += 1
    sent = covering[:count]
    return Frame(f"[{','.join(item.text for item in sent)}]", sent[-1].last, count)


def read(run_id: int, after: int, until: int, *, limit: int = FRAME_EVENTS, durable_only: bool = False) -> list[Item]:
    """Read items from the journal, at most `limit` events; with `durable_only` all ephemeral ones become markers.

    Synchronous database access. There is an item unless `until` <= `after`.
    """
    events = events_after(run_id, after, limit, until=until, types=DURABLE_TYPES if durable_only else ())
    return items(run_id, events, after, until if len(events) < limit else events[-1].seq)
