"""Encode tables as bytes and decode them, exactly. Pure.

Each column is encoded on its own, so that a reader decodes only those it needs. Whole numbers are stored as differences
in the narrowest type that holds them; floats as 32 bits where that loses nothing (a loss is a 32-bit number in most
trainings), else 64. Bytes of equal weight are stored together, which makes them compress well.
"""

from __future__ import annotations

import zlib

import msgspec
import numpy as np

from runs.curves.tables import Column, Ints, Numbers, Table

LEVEL = 1
"""Compression level of zlib: higher ones take several times as long to save a few per cent."""
_INTS = (np.int8, np.int16, np.int32, np.int64)


class _Array(msgspec.Struct, frozen=True, array_like=True):
    """An encoded array of `count` numbers.

    `first` precedes the differences; None: `data` are the values themselves.
    """

    dtype: str
    count: int
    first: int | None
    data: bytes


class _EncodedTable(msgspec.Struct, frozen=True, array_like=True):
    """An encoded table; a column is its rows (None: all) and its values."""

    count: int
    base: dict[str, _Array]
    columns: dict[str, tuple[_Array | None, _Array]]


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(_EncodedTable)


def encode_table(table: Table) -> bytes:
    """Encode a table so that `decode_table` returns it bit by bit (except for the payload of NaNs)."""
    base = {name: _encode_array(values) for name, values in table.base.items()}
    columns = {
        name: (None if column.rows is None else _encode_array(column.rows), _encode_array(column.values))
        for name, column in table.columns.items()
    }
    return _encoder.encode(_EncodedTable(table.count, base, columns))


def decode_table(data: bytes, names: set[str]) -> Table:
    """Decode only these columns, named as by `Table.column`; those that the table lacks are left out."""
    encoded = _decoder.decode(data)
    return Table(
        encoded.count,
        {name: _ints(array) for name, array in encoded.base.items() if name in names},
        {
            name: Column(None if rows is None else _ints(rows), _values(values))
            for name, (rows, values) in encoded.columns.items()
            if f"/{name}" in names
        },
    )


def _encode_array(values: Numbers) -> _Array:
    if values.dtype == np.int64:
        if not len(values):
            return _Array("<i1", 0, None, b"")
        steps = np.diff(values)
        dtype = next(integer for integer in _INTS if not len(steps) or _fits(steps, integer))
        return _Array(
            np.dtype(dtype).newbyteorder("<").str, len(values), int(values[0]), _squeezed(steps.astype(dtype))
        )
    with np.errstate(over="ignore"):
        narrow = values.astype(np.float32)
    exact = np.array_equal(narrow.astype(np.float64), values, equal_nan=True)
    return _Array("<f4" if exact else "<f8", len(values), None, _squeezed(narrow if exact else values))


def _fits(values: Numbers, integer: type[np.signedinteger]) -> bool:
    bounds = np.iinfo(integer)
    return bool(bounds.min <= values.min() and values.max() <= bounds.max)


def _squeezed(values: np.ndarray) -> bytes:
    little = values.astype(values.dtype.newbyteorder("<"), copy=False)
    planes = np.ascontiguousarray(little).view(np.uint8).reshape(len(values), values.dtype.itemsize).T
    return zlib.compress(planes.tobytes(), LEVEL)


def _expanded(array: _Array, count: int) -> np.ndarray:
    dtype = np.dtype(array.dtype)
    planes = np.frombuffer(zlib.decompress(array.data), np.uint8).reshape(dtype.itemsize, count)
    return np.ascontiguousarray(planes.T).view(dtype).reshape(count)


def _ints(array: _Array) -> Ints:
    values = np.empty(array.count, np.int64)
    if array.first is not None:
        values[0] = array.first
        values[1:] = _expanded(array, array.count - 1)
        np.cumsum(values, out=values)
    return values


def _values(array: _Array) -> Numbers:
    return _expanded(array, array.count).astype(np.float64)
