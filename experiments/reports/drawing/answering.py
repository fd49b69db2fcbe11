"""How the processes that draw and print answer: one task from standard input, its answer on standard output."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import TypeVar

import msgspec

_T = TypeVar("_T", bound=msgspec.Struct)


def answer_one(kind: type[_T], answer_to: Callable[[_T], msgspec.Struct]) -> None:
    """Read a task of that kind, and write the answer to it."""
    task = msgspec.msgpack.decode(sys.stdin.buffer.read(), type=kind)
    output = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what libraries print is no answer
    with output:
        output.write(msgspec.msgpack.encode(answer_to(task)))
