"""Times of events as whole microseconds, and as the events carry them. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

SECOND, SECONDS = 1_000_000, 19
"""Microseconds of a second, and the letters up to it: `2026-11-30T08:00:00`, then `.000000Z`."""


def moments(timestamps: Sequence[str]) -> Sequence[int] | Sequence[str]:
    """Return the times in microseconds; as they are, unless all come back as the same text."""
    digits = "".join([text[SECONDS + 1 : -1] for text in timestamps])
    ends = {(len(text), text[SECONDS : SECONDS + 1], text[-1:]) for text in timestamps}
    if ends != {(SECONDS + 8, ".", "Z")} or not (digits.isascii() and digits.isdecimal()):
        return timestamps
    try:
        seconds = {text: _second(text) for text in {text[:SECONDS] for text in timestamps}}
    except ValueError:
        return timestamps
    return [seconds[text[:SECONDS]] + int(text[SECONDS + 1 : -1]) for text in timestamps]


def texts(times: Sequence[int] | Sequence[str]) -> list[str]:
    """Write times in microseconds as events carry them; texts are written already."""
    seconds: dict[int, str] = {}
    found = []
    for moment in times:
        if isinstance(moment, str):
            return [str(text) for text in times]
        second, fraction = divmod(moment, SECOND)
        if second not in seconds:
            seconds[second] = _text(second)
        found.append(f"{seconds[second]}.{fraction:06}Z")
    return found


def _second(text: str) -> int:
    """Return the microseconds of a whole second. Raises ValueError for what does not come back."""
    second = int(datetime.fromisoformat(f"{text}+00:00").timestamp())
    if _text(second) != text:
        raise ValueError(text)
    return second * SECOND


def _text(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).isoformat()[:SECONDS]
