"""Read a growing text file by byte offsets: its last lines, the lines from an offset on, the lines with some text.

Whatever the file's size, at most a megabyte is read for a page, and a search stops after a bounded time. Lines are
bytes up to a newline, so offsets stay right whatever is in them; text is UTF-8, and invalid bytes become U+FFFD. Pure:
knows nothing of runs.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from typing import BinaryIO, NamedTuple

WINDOW = 1024 * 1024  # bytes; a longer line comes in pieces
BLOCK = 64 * 1024
LINE_CHARACTERS = 4_000
SEARCH_SECONDS = 0.5
_ESCAPES = re.compile(
    rb"\x1b(?:\[[0-?]*[ -/]*[@-~]?"  # colours, movements of the cursor
    rb"|\][^\x07\x1b]*(?:\x07|\x1b\\)?"  # titles, links
    rb"|[ -/]+[0-~]|[0-~])?"
)
_CONTROLS = dict.fromkeys([*range(9), *range(10, 32), *range(127, 160)])


class Line(NamedTuple):
    """One line; `offset` is that of its first byte, `cut` says that its text goes on."""

    offset: int
    text: str
    cut: bool


class Page(NamedTuple):
    """Lines from the bytes `start` to `end`: older ones end at `start`, newer ones begin at `end`."""

    start: int
    end: int
    lines: list[Line]


def before(file: BinaryIO, start: int, end: int, limit: int, *, whole: bool) -> Page:
    """Read the last `limit` lines between two offsets, or fewer where they are long.

    Without `whole` the last one is left out while it has no newline: it is still being written.
    """
    data, position = b"", end
    while position > start and data.count(b"\n", 0, -1) < limit and len(data) < WINDOW:
        size = min(BLOCK, position - start)
        position -= size
        data = _read(file, position, size) + data
    if position > start and (newline := data.find(b"\n", 0, -1)) >= 0:  # what precedes it may be half a line
        position, data = position + newline + 1, data[newline + 1 :]
    if not whole:
        data = data[: data.rfind(b"\n") + 1]
    lines = list(_split(data, position))
    skipped = max(0, len(lines) - limit)
    first = lines[skipped][0] if lines else position
    return Page(first, position + len(data), [_line(offset, raw) for offset, raw in lines[skipped:]])


def after(file: BinaryIO, start: int, end: int, limit: int, *, whole: bool) -> Page:
    """Read the first `limit` lines between two offsets, or fewer where they are long; `whole` as in `before`."""
    data = _window(file, start, end, whole=whole)
    lines = list(_split(data, start))
    stop = lines[limit][0] if len(lines) > limit else start + len(data)
    return Page(start, stop, [_line(offset, raw) for offset, raw in lines[:limit]])


class Found(NamedTuple):
    """The lines that have the text; `next` is where the search goes on, None at the end of the range."""

    lines: list[Line]
    next: int | None


def search(
    file: BinaryIO,
    start: int,
    end: int,
    text: str,
    limit: int,
    *,
    whole: bool,
    clock: Callable[[], float] = time.monotonic,
) -> Found:
    """Find the lines between two offsets that have the text in upper or lower case, as they are shown.

    Returns at most `limit`, and those found within `SEARCH_SECONDS`; at least one window is searched.
    """
    wanted, given_up = text.casefold(), clock() + SEARCH_SECONDS
    found: list[Line] = []
    while start < end:
        window = _window(file, start, end, whole=whole)
        if not window:
            break
        for offset, raw in _candidates(window, start, wanted):
            if wanted in _visible(raw).casefold():
                found.append(_line(offset, raw))
                if len(found) == limit:
                    return Found(found, offset + len(raw))
        start += len(window)
        if start < end and clock() > given_up:
            return Found(found, start)
    return Found(found, None)


def _window(file: BinaryIO, start: int, end: int, *, whole: bool) -> bytes:
    """Read whole lines from an offset on, a megabyte at most; a piece of a line that is longer."""
    data = _read(file, start, min(WINDOW, max(0, end - start)))
    if whole and start + len(data) >= end:
        return data
    if newline := data.rfind(b"\n") + 1:
        return data[:newline]
    return _whole_characters(data) if len(data) == WINDOW else b""


def _candidates(window: bytes, start: int, wanted: str) -> Iterator[tuple[int, bytes]]:
    """Yield the lines that may have the text: most windows have none, and are not examined line by line."""
    if not wanted.isascii() or b"\x1b" in window:
        yield from _split(window, start)
        return
    lowered, needle, position = window.lower(), wanted.encode(), 0
    while (at := lowered.find(needle, position)) >= 0:
        first = window.rfind(b"\n", 0, at) + 1
        position = window.find(b"\n", at) + 1 or len(window)
        yield start + first, window[first:position]


def _read(file: BinaryIO, offset: int, size: int) -> bytes:
    file.seek(offset)
    return file.read(size)


def _split(data: bytes, start: int) -> Iterator[tuple[int, bytes]]:
    """Yield the lines with their newline, each with its offset."""
    position = 0
    while position < len(data):
        stop = data.find(b"\n", position) + 1 or len(data)
        yield start + position, data[position:stop]
        position = stop


def _line(offset: int, raw: bytes) -> Line:
    text = _visible(raw)
    return Line(offset, text[:LINE_CHARACTERS], len(text) > LINE_CHARACTERS)


def _visible(raw: bytes) -> str:
    """Return the text as a terminal would show it: no escapes, of a line that was overwritten only its last state."""
    states = [state for state in _ESCAPES.sub(b"", raw).rstrip(b"\n").split(b"\r") if state.strip()]
    return (states[-1] if states else b"").decode("utf-8", "replace").translate(_CONTROLS)


def _whole_characters(data: bytes) -> bytes:
    """Drop the first bytes of a character that goes on beyond the data."""
    for back in range(1, min(4, len(data)) + 1):
        byte = data[-back]
        if byte >= 0xC0:  # leads a character of two, three or four bytes
            return data[:-back] if back < (2 if byte < 0xE0 else 3 if byte < 0xF0 else 4) else data
        if byte < 0x80:
            break
    return data
