"""Read JSON with one meaning from untrusted bytes: UTF-8, few levels, storable texts, finite numbers. Pure.

Python's own reader accepts more than JSON (`NaN`), lets the last of two equal names win, and returns texts that no
answer, file or database can hold.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterator
from typing import Any

MOST_LEVELS = 32
"""Limit of nested objects and arrays; no request of this API needs more than five."""
MOST_DIGITS = 100
"""Limit of digits of a whole number; each field has narrower bounds."""

_TOO_DEEP = f"Objects and arrays are nested more than {MOST_LEVELS} levels deep; send fewer levels."
_FRACTION = "is not a number in JSON; send a finite number, or null."


class NotJSON(ValueError):
    """The fault: a sentence with the cure, and the path to it, also with dots; empty: the whole text."""

    def __init__(self, message: str, path: tuple[str, ...] = ()) -> None:
        self.field = ".".join(path)
        super().__init__(f"{self.field}: {message}" if path else message)
        self.message = message
        self.path = path


def decode(raw: bytes) -> Any:
    """Read one JSON value; raises NotJSON."""
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        raise NotJSON(f"Not UTF-8 at byte {error.start}; send the JSON encoded as UTF-8.") from None
    if text.startswith("\ufeff"):
        raise NotJSON("Begins with a byte order mark; save or send it as UTF-8 without one.")
    try:
        value = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise NotJSON(f"Not JSON: {error.msg} at {place}; correct it there.") from None
    except RecursionError:
        raise NotJSON(_TOO_DEEP) from None
    _check(value)
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        [(name, _)] = Counter(name for name, _ in pairs).most_common(1)
        raise NotJSON(f"{_shown(name)} is given more than once in one object; give it once.")
    return found


def _whole_number(digits: str) -> int:
    if len(digits) > MOST_DIGITS:
        raise NotJSON(f"A number has {len(digits):,} digits; send at most {MOST_DIGITS}.")
    return int(digits)


def _number(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        raise NotJSON(f"{_shown(digits)} {_FRACTION}")
    return value


def _constant(name: str) -> None:
    raise NotJSON(f"{name} {_FRACTION}")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=_whole_number, parse_float=_number, parse_constant=_constant
)


def _check(value: Any) -> None:
    """Raise NotJSON for what is nested too deep, and for text that cannot be stored; needs no recursion."""
    left: list[tuple[Any, tuple[str, ...]]] = [(value, ())]
    while left:
        part, path = left.pop()
        if isinstance(part, str):
            _check_text(part, path)
        elif isinstance(part, dict | list):
            if len(path) >= MOST_LEVELS:
                raise NotJSON(_TOO_DEEP)
            left += _inside(part, path)


def _inside(part: dict[str, Any] | list[Any], path: tuple[str, ...]) -> Iterator[tuple[Any, tuple[str, ...]]]:
    if isinstance(part, list):
        yield from ((inner, (*path, str(position))) for position, inner in enumerate(part))
        return
    for name, inner in part.items():
        _check_text(name, path, "The name of a field")
        yield inner, (*path, name)


def _check_text(text: str, path: tuple[str, ...], what: str = "The text") -> None:
    if "\0" in text:
        raise NotJSON(f"{what} must not contain control characters: it has U+0000; leave it out.", path)
    try:
        text.encode()
    except UnicodeEncodeError as error:
        half = f"\\u{ord(text[error.start]):04x}"
        raise NotJSON(f"{what} has {half}, half of a character; send both halves, or leave it out.", path) from None


def _shown(text: str) -> str:
    """Quote a text safely for a message: short, and without what cannot be encoded."""
    return repr(text if len(text) <= 60 else f"{text[:60]}…").encode(errors="replace").decode()
