"""The log of a run's training: which file, where each attempt begins in it, and its pages.

All attempts append to one file, `train.log` (rank n of several: `train.rankn.log`); where attempt m began is in
`attempts/m/<log>.start`, which the training writes before it prints anything.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, BinaryIO, NamedTuple, TypeAlias

from runs.files import log_tail
from runs.files.log_names import log_name, start_name

Open: TypeAlias = Callable[[str], BinaryIO]


class NoSuchAttempt(Exception):  # the message is a sentence for the user
    """The log has no start of that attempt."""


class Part(NamedTuple):
    """The requested bytes, `start` to `end` of a file of `size`; `open`: its last line may be unfinished."""

    start: int
    end: int
    size: int
    open: bool


def page(open_: Open, asked: Mapping[str, Any], *, attempts: int, ended: bool) -> dict[str, Any]:
    """Build the endpoint's answer, as its view describes it. Raises NoSuchAttempt. A missing log is empty.

    `open_` opens a file of the run for reading and seeking, or raises FileNotFoundError.

    `attempts` is the run's newest; `ended`: nothing more will be written.
    """
    name = log_name(asked["rank"])
    try:
        file = open_(name)
    except FileNotFoundError:
        return _answer(name, asked, Part(0, 0, 0, not ended), log_tail.Page(0, 0, []))
    with file:
        size = file.seek(0, 2)
        part = _part(open_, name, asked.get("attempt"), size, attempts, ended=ended)
        if "search" in asked:
            return _searched(name, file, part, asked)
        lost = asked.get("after", 0) > size  # the file is another one, and shorter
        return _answer(name, asked, part, _page(file, part, asked, lost=lost)) | {"reset": lost}


def _page(file: BinaryIO, part: Part, asked: Mapping[str, Any], *, lost: bool) -> log_tail.Page:
    end = min(part.end, max(part.start, asked.get("before", part.end)))
    whole = not part.open or end < part.end
    if "after" not in asked or lost:
        return log_tail.before(file, part.start, end, asked["limit"], whole=whole)
    start = min(max(part.start, asked["after"]), end)
    return log_tail.after(file, start, end, asked["limit"], whole=whole)


def _searched(name: str, file: BinaryIO, part: Part, asked: Mapping[str, Any]) -> dict[str, Any]:
    end = min(part.end, max(part.start, asked.get("before", part.end)))
    start = min(max(part.start, asked.get("after", part.start)), end)
    whole = not part.open or end < part.end
    lines, following = log_tail.search(file, start, end, asked["search"], asked["limit"], whole=whole)
    searched = log_tail.Page(start, end if following is None else following, lines)
    return _answer(name, asked, part, searched) | {"next": following}


def _answer(name: str, asked: Mapping[str, Any], part: Part, found: log_tail.Page) -> dict[str, Any]:
    return {
        "name": name,
        "attempt": asked.get("attempt"),
        "size": part.size,
        "start": found.start,
        "end": found.end,
        "more_before": found.start > part.start,
        "more_after": found.end < part.end,
        "lines": [line._asdict() for line in found.lines],
        "next": None,
        "reset": False,
    }


def _part(open_: Open, name: str, attempt: int | None, size: int, attempts: int, *, ended: bool) -> Part:
    if attempt is None:
        return Part(0, size, size, not ended)
    start = _start(open_, name, attempt, size)
    if start is None:
        raise NoSuchAttempt(f"{name} has no record of where attempt {attempt} begins; leave attempt out.")
    later = (_start(open_, name, number, size) for number in range(attempt + 1, attempts + 1))
    end = next((offset for offset in later if offset is not None and offset >= start), None)
    return Part(start, size if end is None else end, size, end is None and not ended)


def _start(open_: Open, name: str, attempt: int, size: int) -> int | None:
    with suppress(FileNotFoundError, ValueError):
        with open_(start_name(attempt, name)) as file:
            offset = int(file.read(32))
        return offset if 0 <= offset <= size else None
    return None
