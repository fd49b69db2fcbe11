"""Says in the list of processes what a forked process does, as if it had been started under that command. Linux.

The words lie where those of its parent did, because only there does the system read them, and no longer than those
were; the environment, which comes next, stays as it was.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

_ARGUMENTS = (48, 49)
"""The fields of `stat` that say where the arguments begin and end (proc(5))."""


def replace(word: str, by: Sequence[str]) -> list[str]:
    """Write these words in place of that word of the command line and all after it; return the whole command line."""
    given = sys.orig_argv
    kept = given[: given.index(word)] if word in given else given[:2]
    words = [*kept, *by]
    with suppress(
        OSError, LookupError, ValueError, OverflowError
    ):  # a system may give less than Linux, or other fields
        _write(words, first=len(kept))
    return ["manage.py", *by]


def _write(words: list[str], first: int) -> None:
    """Write as many of the words as there is room for, the word at `first` in any case."""
    process = Path("/proc/self")
    fields = (process / "stat").read_text().rpartition(")")[2].split()
    start, end = (int(fields[number - 3]) for number in _ARGUMENTS)
    if not 0 < start < end:  # hidden from this process
        return
    with (process / "mem").open("r+b", buffering=0) as memory:
        memory.seek(start)
        memory.write(fitted(words, first, end - start))


def fitted(words: Sequence[str], first: int, room: int) -> bytes:
    """Return the words as the system keeps them, in exactly that many bytes.

    Words after the one at `first` are left out where they do not fit; if that is not enough, the program's name loses
    its beginning.
    """
    encoded = [word.encode(errors="surrogateescape") + b"\0" for word in words]
    while len(encoded) > first + 1 and sum(map(len, encoded)) > room:
        encoded.pop()
    excess = sum(map(len, encoded)) - room
    if excess > 0:
        encoded[0] = encoded[0][excess:]
    return b"".join(encoded)[:room].ljust(room, b"\0")
