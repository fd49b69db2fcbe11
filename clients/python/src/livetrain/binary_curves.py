"""Read the server's binary answers of curves, with the standard library alone."""

from __future__ import annotations

import json
import sys
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from livetrain.errors import LivetrainError

MEDIA_TYPE = "application/vnd.livetrain.curves"
MOST = 1_000_000  # samples in one answer, of all its curves together
WORD = 8
CODES = {"int64": "q", "float64": "d"}


@dataclass(frozen=True, slots=True)
class BinaryCurve:
    """A curve of an answer, in which it is whole or, `exact` being false, has no samples."""

    name: str
    x: array[Any]
    y: array[float]
    exact: bool
    total: int
    first: float | None
    last: float | None


def curves_in(content: bytes) -> list[BinaryCurve]:
    """Return the curves of an answer.

    Raises:
        LivetrainError: it ends too early, or is not what the server writes.
    """
    try:
        return list(_curves(content))
    except (ValueError, KeyError, TypeError) as error:
        raise LivetrainError(f"The server's answer with curves cannot be read: {error!r}. Ask again.") from None


def _curves(content: bytes) -> Iterator[BinaryCurve]:
    head, place = _line(content, 0)
    for _ in range(head["curves"]):
        told, place = _line(content, place)
        size = WORD * told["count"]
        x = _numbers(CODES[told["x"]], content, place, size)
        y = _numbers("d", content, place + size, size)
        place += 2 * size
        yield BinaryCurve(told["name"], x, y, told["exact"], told["total"], told["first"], told["last"])


def _line(content: bytes, place: int) -> tuple[dict[str, Any], int]:
    end = content.index(b"\n", place) + 1
    return json.loads(content[place:end]), end


def _numbers(code: str, content: bytes, place: int, size: int) -> array[Any]:
    words = memoryview(content)[place : place + size]
    if len(words) < size:
        raise ValueError("it ends too early")
    found = array(code)
    found.frombytes(words)
    if sys.byteorder == "big":
        found.byteswap()
    return found
