"""Read the header of a `.npy` file without NumPy and without unpickling anything."""

from __future__ import annotations

import ast
import math
import re
import struct
from dataclasses import dataclass
from typing import BinaryIO

from experiments.training.contract.source_errors import SourceError

MAGIC = b"\x93NUMPY"
MAX_HEADER_BYTES = 10_000
_NUMBERS = re.compile(r"[<>|=]?([buif])([1248])")
_CODES = {"b1": "?", "u1": "B", "u2": "H", "u4": "I", "u8": "Q", "i1": "b", "i2": "h", "i4": "i", "i8": "q"}


@dataclass(frozen=True)
class Header:
    """The type and shape of an array.

    `kind` is NumPy's letter (b bool, u and i whole numbers, f floats) with the bytes of one value, as in `u1`.
    """

    kind: str
    big_endian: bool
    shape: tuple[int, ...]

    @property
    def data_bytes(self) -> int:
        """The size of all values in bytes."""
        return math.prod(self.shape) * int(self.kind[1])


def read(file: BinaryIO, name: str) -> Header:
    """Read the header, leaving the file at the values; raises SourceError for anything but an array of numbers."""
    start = file.read(8)
    if len(start) < 8 or not start.startswith(MAGIC):
        raise _error(f"{name} is not a NumPy array; save it again with numpy.savez.")
    layout = "<H" if start[6] == 1 else "<I"
    length = file.read(struct.calcsize(layout))
    if len(length) < struct.calcsize(layout) or (size := struct.unpack(layout, length)[0]) > MAX_HEADER_BYTES:
        raise _error(f"{name} has a broken header; save it again with numpy.savez.")
    return _parsed(file.read(size), name)


def whole_numbers(content: bytes, header: Header) -> list[int]:
    """Decode the values of an array of whole numbers or booleans."""
    order = ">" if header.big_endian else "<"
    return [int(value) for (value,) in struct.iter_unpack(order + _CODES[header.kind], content)]


def _parsed(text: bytes, name: str) -> Header:
    try:
        fields = ast.literal_eval(text.decode("latin-1").strip())
        descr, shape, by_columns = fields["descr"], fields["shape"], fields["fortran_order"]
    except (ValueError, SyntaxError, KeyError, TypeError, MemoryError, RecursionError) as error:
        raise _error(f"{name} has a broken header; save it again with numpy.savez.") from error
    if isinstance(descr, str) and "O" in descr:
        raise _error(
            f"{name} is an array of Python objects, which can carry code and is never opened; save it as numbers."
        )
    matched = _NUMBERS.fullmatch(descr) if isinstance(descr, str) else None
    if not matched:
        raise _error(f"{name} has values of type {descr!r}; save it as plain numbers.")
    if not isinstance(shape, tuple) or not all(isinstance(n, int) and n >= 0 for n in shape):
        raise _error(f"{name} has a broken header; save it again with numpy.savez.")
    if by_columns and len(shape) > 1:
        raise _error(f"{name} is stored by columns (Fortran order); save numpy.ascontiguousarray of it.")
    return Header(matched[1] + matched[2], descr.startswith(">"), shape)


def _error(message: str) -> SourceError:
    return SourceError("source_path", message)
