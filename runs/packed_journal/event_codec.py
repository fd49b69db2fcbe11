"""Encode events of the journal as one compressed value and decode them to the same text. Pure.

Events with the same keys are a table, whose columns are numbers of fixed width where they are numbers: their digits are
what most of a journal is. Each event is taken apart only if the same text comes of it again; others stay texts.
"""

from __future__ import annotations

import zlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import msgspec

from runs.packed_journal import column_codec, event_times
from runs.packed_journal.column_codec import Column

LEVEL = 6
"""Compression level of zlib: most of the data are numbers, of which higher ones spare 2 per cent in twice the time."""
TABLES = b"T"
"""The first byte of tables; texts that are packed begin with zlib's own, which is another."""


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


class _Table(msgspec.Struct, frozen=True, array_like=True):
    """The data of events of one type with the same keys, in their order; without keys, each is a text."""

    type: str
    keys: tuple[str, ...]
    columns: list[Column]


class _Tables(msgspec.Struct, frozen=True, array_like=True):
    """The events: of each the number of its table, the next row of which it has."""

    seqs: Column
    attempts: Column
    times: Column
    members: Column
    tables: list[_Table]


_encode_json, _decode_json = msgspec.json.Encoder().encode, msgspec.json.Decoder[Any]().decode
_TEXTS = msgspec.msgpack.Decoder(_Texts)
_TABLES = msgspec.msgpack.Decoder(_Tables)


def encode(events: Iterable[tuple[int, int, str, str, str]]) -> bytes:
    """Encode the events, of which there is at least one, in the order of their numbers."""
    columns = list(zip(*events, strict=True))
    try:
        tables = msgspec.msgpack.encode(_as_tables(*columns))
        return TABLES + zlib.compress(tables, LEVEL)
    except OverflowError:  # a whole number of more than 64 bits
        return zlib.compress(msgspec.msgpack.encode(columns), LEVEL)


def decode(data: bytes, types: Collection[str] = ()) -> list[PackedEvent]:
    """Decode what `encode` made, now or before it made tables; with `types`, events of these alone."""
    if not data.startswith(TABLES):
        columns = msgspec.structs.astuple(_TEXTS.decode(zlib.decompress(data)))
        found = [PackedEvent(*row) for row in zip(*columns, strict=True)]
        return [event for event in found if not types or event.type in types]
    packed = _TABLES.decode(zlib.decompress(data[1:]))
    tables = {
        number: (table.type, _texts_of(table))
        for number, table in enumerate(packed.tables)
        if not types or table.type in types
    }
    times = event_times.texts(column_codec.decode(packed.times)) if tables else []
    others = map(column_codec.decode, (packed.seqs, packed.attempts, packed.members))
    return [
        PackedEvent(seq, attempt, tables[member][0], timestamp, next(tables[member][1]))
        for timestamp, seq, attempt, member in zip(times, *others, strict=bool(tables))
        if member in tables
    ]


def _as_tables(
    seqs: Sequence[int],
    attempts: Sequence[int],
    types: Sequence[str],
    timestamps: Sequence[str],
    texts: Sequence[str],
) -> _Tables:
    rows: dict[tuple[str, tuple[str, ...]], list[Iterable[Any]]] = {}
    numbers: dict[tuple[str, tuple[str, ...]], int] = {}
    members = []
    for type_, data in zip(types, _taken_apart(texts), strict=True):
        keys, values = (tuple(data), data.values()) if type(data) is dict else ((), (data,))
        key = type_, keys
        if key not in numbers:
            numbers[key], rows[key] = len(numbers), []
        members.append(numbers[key])
        rows[key].append(values)
    return _Tables(
        column_codec.encode(seqs),
        column_codec.encode(attempts),
        column_codec.encode(event_times.moments(timestamps)),
        column_codec.encode(members),
        [_Table(type_, keys, column_codec.encode_rows(of_table)) for (type_, keys), of_table in rows.items()],
    )


def _taken_apart(texts: Sequence[str]) -> list[dict[str, Any] | str]:
    """Decode the data of events where the same text comes of them again, else return the text."""
    try:
        found: list[Any] = _decode_json(f"[{','.join(texts)}]")  # half as long as one by one
    except (msgspec.MsgspecError, RecursionError):
        found = []
    if len(found) != len(texts):
        found = list(map(_decoded, texts))
    again = map(_encode_json, found)
    return [
        data if type(data) is dict and data and text.encode() == same else text
        for data, text, same in zip(found, texts, again, strict=True)
    ]


def _decoded(text: str) -> Any:
    try:
        return _decode_json(text)
    except (msgspec.MsgspecError, RecursionError):
        return None


def _texts_of(table: _Table) -> Iterator[str]:
    """Yield the data of the events of a table, in their order."""
    for row in column_codec.decode_rows(table.columns):
        yield _encode_json(dict(zip(table.keys, row, strict=True))).decode() if table.keys else row[0]
