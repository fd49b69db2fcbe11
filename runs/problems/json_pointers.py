"""Where a fault is in a JSON body: a JSON pointer (RFC 6901) as the fragment of a URI, as RFC 9457 shows it. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import quote

WHOLE = "#"
"""The pointer to the whole body."""


def pointer(path: Iterable[str | int]) -> str:
    """Return the pointer to the field or the item at this path; one to the whole body for an empty path."""
    return WHOLE + "".join(f"/{_escaped(str(part))}" for part in path)


def _escaped(part: str) -> str:
    return quote(part.replace("~", "~0").replace("/", "~1"), safe="~!$&'()*+,;=:@")
