"""Encode events of the journal as one compressed value and decode them, letter by letter. Pure.

Events with the same keys are a table, whose columns are numbers of fixed width where they are numbers: their digits are
what most of a journal is. Each event is taken apart only if the same text comes of it again; others stay texts.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple, TypeAlias

import msgspec

from runs.packed_journal import column_codec
from runs.packed_journal.column_codec import Column

LEVEL = 6
"""Compression level of zlib: most of the data are numbers, of which higher ones spare 2 per cent in twice the time."""
TABLES = b"T"
"""First byte of what is packed as tables; texts that are packed begin with zlib's own, which is another."""
Shape: TypeAlias = tuple[tuple[str, tuple[str, ...] | None], ...] | None
"""The keys of an event's data, each with those of the object below it, if it is one; None: the data stay a text."""


class PackedEvent(NamedTuple):
    """The columns of an event."""

    seq: int
    attempt: int
    type: str
    timestamp: str
    data: str


class _Texts(msgspec.Struct, frozen=True, array_like=True):
    """The events column by column, as all were packed once."""

    seqs: list[int]
    attempts: list[int]
    types: list[str]
    timestamps: list[str]
    data: list[str]


class _Table(msgspec.Struct, array_like=True):
    """The data of events of one type with the same keys, in their order."""

    type: str
    shape: Shape
    columns: list[Column]


class _Tables(msgspec.Struct, frozen=True, array_like=True):
    """The events: of each the number of its table, the next row of which it has."""

    seqs: Column
    attempts: Column
    times: Column
    members: Column
    tables: list[_Table]


_texts = msgspec.msgpack.Decoder(_Texts)
_tables = msgspec.msgpack.Decoder(_Tables)


def encode(events: Sequence[PackedEvent]) -> bytes:
    """Encode the events, of which there is at least one, in the order of their numbers."""
    try:
        return TABLES + zlib.compress(msgspec.msgpack.encode(_as_tables(events)), LEVEL)
    except OverflowError:  # a whole number of more than 64 bits
        texts = _Texts(*(list(column) for column in zip(*events, strict=True)))
        return zlib.compress(msgspec.msgpack.encode(texts), LEVEL)


def decode(data: bytes) -> list[PackedEvent]:
    """Decode what `encode` made, now or before it made tables."""
    if not data.startswith(TABLES):
        texts = msgspec.structs.astuple(_texts.decode(zlib.decompress(data)))
        return [PackedEvent(*row) for row in zip(*texts, strict=True)]
    packed = _tables.decode(zlib.decompress(data[len(TABLES) :]))
    types = [table.type for table in packed.tables]
    data_of = [_put_together(table) for table in packed.tables]
    columns = [column_codec.decode(column) for column in (packed.seqs, packed.attempts, packed.times, packed.members)]
    return [
        PackedEvent(seq, attempt, types[member], timestamp, next(data_of[member]))
        for seq, attempt, timestamp, member in zip(*columns[:2], _timestamps(columns[2]), columns[3], strict=True)
    ]


def _as_tables(events: Sequence[PackedEvent]) -> _Tables:
    rows: dict[tuple[str, Shape], list[tuple[Any, ...]]] = {}
    members = []
    numbers: dict[tuple[str, Shape], int] = {}
    for event in events:
        shape, values = _taken_apart(event.data)
        key = event.type, shape
        members.append(numbers.setdefault(key, len(numbers)))
        rows.setdefault(key, []).append(values)
    return _Tables(
        column_codec.encode([event.seq for event in events]),
        column_codec.encode([event.attempt for event in events]),
        column_codec.encode(_moments([event.timestamp for event in events])),
        column_codec.encode(members),
        [
            _Table(type_, shape, [column_codec.encode(column) for column in zip(*of_table, strict=True)])
            for (type_, shape), of_table in rows.items()
        ],
    )


def _taken_apart(text: str) -> tuple[Shape, tuple[Any, ...]]:
    """Return the keys of the data, and the values in their order; or no keys and the text."""
    try:
        data = msgspec.json.decode(text)
        again = msgspec.json.encode(data)
    except (msgspec.MsgspecError, RecursionError):
        return None, (text,)
    if type(data) is not dict or not data or again != text.encode():
        return None, (text,)
    shape: list[tuple[str, tuple[str, ...] | None]] = []
    values: list[Any] = []
    for key, value in data.items():
        if type(value) is dict:
            shape.append((key, tuple(value)))
            values.extend(value.values())
        else:
            shape.append((key, None))
            values.append(value)
    return tuple(shape), tuple(values)


def _put_together(table: _Table) -> Iterator[str]:
    """Yield the data of the events of a table, in their order."""
    rows = zip(*map(column_codec.decode, table.columns), strict=True)
    shape = table.shape
    if shape is None:
        yield from (text for (text,) in rows)
        return
    encode_json = msgspec.json.Encoder().encode
    if all(below is None for _, below in shape):
        keys = [key for key, _ in shape]
        yield from (encode_json(dict(zip(keys, row, strict=True))).decode() for row in rows)
        return
    for row in rows:
        values = iter(row)
        data = {key: next(values) if below is None else {name: next(values) for name in below} for key, below in shape}
        yield encode_json(data).decode()


def _moments(timestamps: Sequence[str]) -> Sequence[int] | Sequence[str]:
    """Return the times in microseconds; as they are, unless all come back letter by letter."""
    try:
        seconds = {text: int(datetime.fromisoformat(f"{text}+00:00").timestamp()) for text in _prefixes(timestamps)}
        moments = [seconds[text[:19]] * 1_000_000 + int(text[20:26]) for text in timestamps]
    except ValueError:
        return timestamps
    return moments if _timestamps(moments) == timestamps else timestamps


def _prefixes(timestamps: Sequence[str]) -> set[str]:
    return {text[:19] for text in timestamps}


def _timestamps(moments: Sequence[int] | Sequence[str]) -> list[str]:
    """Write times in microseconds as events carry them; texts are written already."""
    seconds: dict[int, str] = {}
    found = []
    for moment in moments:
        if isinstance(moment, str):
            return [str(text) for text in moments]
        second, fraction = divmod(moment, 1_000_000)
        if second not in seconds:
            seconds[second] = datetime.fromtimestamp(second, UTC).isoformat()[:19]
        found.append(f"{seconds[second]}.{fraction:06}Z")
    return found
