"""Encode a column of JSON values in few bytes and decode it, value by value the same. Pure."""

from __future__ import annotations

import sys
from array import array
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate
from operator import sub
from typing import Any, Literal, TypeAlias

import msgspec

Floats: TypeAlias = Literal["f", "d"]
Differences: TypeAlias = Literal["b", "h", "i", "q"]
Kind: TypeAlias = Floats | Differences | Literal["o", ""]
"""What is in a column: floats of 32 or 64 bits, or the differences of whole numbers in 1, 2, 4 or 8 bytes.

`o`: objects with the same keys, which are a table again; blank: the values are as they are.
"""
_BOUNDS: tuple[tuple[Differences, int], ...] = (("b", 2**7), ("h", 2**15), ("i", 2**31), ("q", 2**63))


class Column(msgspec.Struct, frozen=True, array_like=True):
    """The values of a column but for its nulls, which stand at these places."""

    kind: Kind
    nulls: list[int]
    first: int = 0
    data: bytes = b""
    values: list[Any] = []
    keys: list[str] = []
    columns: list[Column] = []


def encode(values: Sequence[Any]) -> Column:
    """Encode values of one kind, nulls among them, by what they have in common; others as they are."""
    nulls = [place for place, value in enumerate(values) if value is None] if None in values else []
    known = [value for value in values if value is not None] if nulls else list(values)
    types = set(map(type, known))
    if types == {float}:
        single = array("f", known)
        numbers = single if single.tolist() == known else array("d", known)
        return Column("f" if numbers is single else "d", nulls, data=_planes(numbers))
    if types == {int} and -(2**62) < min(known) <= max(known) < 2**62:
        differences = list(map(sub, known[1:], known))
        widest = max(map(abs, differences), default=0)
        kind = next(kind for kind, bound in _BOUNDS if widest < bound)
        return Column(kind, nulls, known[0], _planes(array(kind, differences)))
    if types == {dict} and len(keys := set(map(tuple, known))) == 1 and known[0]:
        return Column("o", nulls, keys=list(*keys), columns=encode_rows([one.values() for one in known]))
    return Column("", [], values=list(values))


def decode(column: Column) -> list[Any]:
    """Decode what `encode` made."""
    if column.kind == "":
        return column.values
    known: list[Any]
    if column.kind == "o":
        known = [dict(zip(column.keys, row, strict=True)) for row in decode_rows(column.columns)]
    else:
        known = _of_planes(column.kind, column.data)
        if column.kind in ("b", "h", "i", "q"):
            known = list(accumulate(known, initial=column.first))
    for place in column.nulls:
        known.insert(place, None)
    return known


def encode_rows(rows: Iterable[Iterable[Any]]) -> list[Column]:
    """Encode rows of the same length, of which there is at least one, column by column."""
    return [encode(column) for column in zip(*rows, strict=True)]


def decode_rows(columns: Sequence[Column]) -> Iterator[tuple[Any, ...]]:
    """Decode rows from their columns."""
    return zip(*map(decode, columns), strict=True)


def _planes(numbers: array[Any]) -> bytes:
    """Put first bytes together, second ones and so on: those of small or similar numbers are nearly all the same."""
    data = _little_endian(numbers).tobytes()
    return b"".join(data[place :: numbers.itemsize] for place in range(numbers.itemsize))


def _of_planes(kind: Floats | Differences, data: bytes) -> list[Any]:
    numbers = array(kind)
    count, restored = len(data) // numbers.itemsize, bytearray(len(data))
    for place in range(numbers.itemsize):
        restored[place :: numbers.itemsize] = data[place * count : (place + 1) * count]
    numbers.frombytes(restored)
    return _little_endian(numbers).tolist()


def _little_endian(numbers: array[Any]) -> array[Any]:
    """Turn the bytes of numbers around on a machine that has the highest one first."""
    if sys.byteorder == "big":
        numbers = numbers[:]
        numbers.byteswap()
    return numbers
