"""Work on many things of which one may fail: the others come all the same."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


def each(work: Callable[[T], R], items: Iterable[T]) -> Iterator[R]:
    """Yield what `work` returns for each item that it does not fail of; at the end raises the first failure."""
    first: Exception | None = None
    others = 0
    for item in items:
        try:
            result = work(item)
        except Exception as error:
            others += first is not None
            first = first or error
        else:
            yield result
    if first is not None:
        if others:
            first.add_note(f"Of the same round, {others} more failed.")
        raise first
