"""Texts and values in a form that both databases, a line of the log and a page take. What is too long is cut. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

LONGEST = 500
"""Characters of a text within details."""
MOST = 100
"""Items of a list within details."""
CUT = "…"


def one_line(text: object, longest: int) -> str:
    """Write something as one line of at most so many characters; what cannot be printed is a question mark."""
    said = str(text)[: longest + 1]
    line = "".join(character if character.isprintable() else "?" for character in said)
    return line if len(line) <= longest else line[: longest - 1] + CUT


def plain(value: Any) -> Any:
    """Return the value as JSON has it, texts as one line each; a number that is none in JSON is a text."""
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, Mapping):
        return {one_line(name, LONGEST): plain(one) for name, one in list(value.items())[:MOST]}
    if isinstance(value, list | tuple | set | frozenset):
        items = sorted(value, key=str) if isinstance(value, set | frozenset) else list(value)
        return [plain(one) for one in items[:MOST]] + [CUT] * (len(items) > MOST)
    return one_line(value, LONGEST)
