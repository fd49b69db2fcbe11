"""Replace parts of a JSON object in a file, and keep all else as it was written. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

UNREADABLE = (msgspec.DecodeError, RecursionError)
"""What decoding raises: nested some thousand deep, text is no more than that to a reader."""


def formatted(value: Any) -> bytes:
    """Write JSON for people, NaN and infinity as null."""
    return msgspec.json.format(msgspec.json.encode(value), indent=2) + b"\n"


def with_parts(text: bytes, parts: Mapping[str, Any]) -> bytes | None:
    """Return the object with these parts; None where the text is no object.

    The other parts stay text: those of a long training are a tenth of the memory so.
    """
    try:
        found = msgspec.json.decode(text, type=dict[str, msgspec.Raw])
        return formatted(found | {name: msgspec.Raw(msgspec.json.encode(part)) for name, part in parts.items()})
    except UNREADABLE:
        return None
