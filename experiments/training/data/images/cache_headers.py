"""The header of a file of decoded images: what it holds, and from which data it was made."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Sequence
from typing import Any

BYTES = 4096  # of the file, before the pixels
FORMAT = 1


def header(shape: Sequence[int], place: str) -> bytes:
    """Build the header of pixels of this shape.

    `place` is the source's path; only its hash is stored, as a path may contain a patient's name.
    """
    return json.dumps({**_fields(shape), "place": _hash(place)}).encode().ljust(BYTES, b" ")


def intact(found: bytes, size: int, shape: Sequence[int]) -> bool:
    """Return whether a file of `size` bytes that starts with `found` holds pixels of this shape."""
    fields = _parsed(found)
    return {**fields, "place": ""} == {**_fields(shape), "place": ""} and size == BYTES + math.prod(shape)


def made_of(found: bytes, place: str) -> bool:
    """Return whether the file that starts with `found` was made from the data at `place`."""
    return bool(_parsed(found).get("place") == _hash(place))


def _fields(shape: Sequence[int]) -> dict[str, Any]:
    return {"format": FORMAT, "dtype": "uint8", "shape": list(shape)}


def _parsed(found: bytes) -> dict[str, Any]:
    """Parse a header; empty for anything that is not one."""
    try:
        fields = json.loads(found)
    except ValueError:
        return {}
    return fields if isinstance(fields, dict) else {}


def _hash(place: str) -> str:
    return hashlib.blake2b(place.encode(), digest_size=16).hexdigest()
