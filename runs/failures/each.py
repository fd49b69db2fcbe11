"""Process many items of which one may fail, without stopping for the others."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


def each(work: Callable[[T], R], items: Iterable[T]) -> Iterator[R]:
    """Yield the result of `work` for each item it succeeds with; raise the first failure at the end."""
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
