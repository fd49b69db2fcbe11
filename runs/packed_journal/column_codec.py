"""Encode a column of JSON values in few bytes and decode it, value by value the same. Pure."""

from __future__ import annotations

import sys
from array import array
from collections.abc import Sequence
from itertools import accumulate, pairwise
from typing import Any, Literal, TypeAlias

import msgspec

Kind: TypeAlias = Literal["f", "d", "q", ""]
"""What is in the bytes: floats of 32 or 64 bits, differences of whole numbers; blank: the values are as they are."""


class Column(msgspec.Struct, frozen=True, array_like=True):
    """The values of a column but for its nulls, which stand at these places."""

    kind: Kind
    nulls: list[int]
    data: bytes
    values: list[Any]


def encode(values: Sequence[Any]) -> Column:
    """Encode values of one kind, nulls among them, as numbers; others as they are."""
    nulls = [place for place, value in enumerate(values) if value is None]
    known = [value for value in values if value is not None] if nulls else list(values)
    types = set(map(type, known))
    if types == {float}:
        single = array("f", known)
        numbers = single if single.tolist() == known else array("d", known)
        return Column("f" if numbers is single else "d", nulls, _planes(numbers), [])
    if types == {int} and -(2**62) < min(known) <= max(known) < 2**62:
        differences = array("q", [known[0], *(later - earlier for earlier, later in pairwise(known))])
        return Column("q", nulls, _planes(differences), [])
    return Column("", [], b"", list(values))


def decode(column: Column) -> list[Any]:
    """Decode what `encode` made."""
    if column.kind == "":
        return column.values
    numbers = _of_planes(column.kind, column.data)
    known = list(accumulate(numbers)) if column.kind == "q" else numbers
    for place in column.nulls:
        known.insert(place, None)
    return known


def _planes(numbers: array[Any]) -> bytes:
    """Put first bytes together, second ones and so on: those of small or similar numbers are nearly all the same."""
    data = _little_endian(numbers).tobytes()
    return b"".join(data[place :: numbers.itemsize] for place in range(numbers.itemsize))


def _of_planes(kind: Literal["f", "d", "q"], data: bytes) -> list[Any]:
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
