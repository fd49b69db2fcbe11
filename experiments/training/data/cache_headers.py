"""The start of a file of decoded images: what is in it, and of which data it was made."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Sequence
from typing import Any

BYTES = 4096  # of the file, before the pixels
FORMAT = 1


def header(shape: Sequence[int], place: str) -> bytes:
    """`place` is the source's path; its hash says no patient's name."""
    return json.dumps({**_fields(shape), "place": _hash(place)}).encode().ljust(BYTES, b" ")


def intact(found: bytes, size: int, shape: Sequence[int]) -> bool:
    """Whether a file of `size` bytes that begins so holds pixels of this shape."""
    fields = _parsed(found)
    return {**fields, "place": ""} == {**_fields(shape), "place": ""} and size == BYTES + math.prod(shape)


def made_of(found: bytes, place: str) -> bool:
    """Whether the file was made of the data at `place`."""
    return bool(_parsed(found).get("place") == _hash(place))


def _fields(shape: Sequence[int]) -> dict[str, Any]:
    return {"format": FORMAT, "dtype": "uint8", "shape": list(shape)}


def _parsed(found: bytes) -> dict[str, Any]:
    """Empty for what is no header."""
    try:
        fields = json.loads(found)
    except ValueError:
        return {}
    return fields if isinstance(fields, dict) else {}


def _hash(place: str) -> str:
    return hashlib.blake2b(place.encode(), digest_size=16).hexdigest()
