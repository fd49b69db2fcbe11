"""Keep the last answers of a function that takes long. Pure Python.

Unlike `functools.lru_cache`, several threads that ask the same at the same time compute it once, and a known answer
waits for nothing.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from contextlib import AbstractContextManager, nullcontext
from functools import update_wrapper
from typing import Any, Generic, ParamSpec, TypeVar

_P = ParamSpec("_P")
_T = TypeVar("_T")


class Remembered(Generic[_P, _T]):
    """The function with its last answers. An exception is not kept: who waited has it too, the next one tries again."""

    __wrapped__: Callable[_P, _T]  # as `functools.cache` has it

    def __init__(self, compute: Callable[_P, _T], most: int, turn: AbstractContextManager[Any]) -> None:
        update_wrapper(self, compute)
        self._compute, self._most, self._turn = compute, most, turn
        self._kept: dict[Hashable, Future[_T]] = {}
        self._lock = threading.Lock()  # never held while something is computed

    def __call__(self, *args: _P.args, **kwargs: _P.kwargs) -> _T:
        """Return the kept answer, that of who computes it already, or compute it."""
        key = (args, *kwargs.items())
        with self._lock:
            known = self._kept.pop(key, None)
            own: Future[_T] = known or Future()
            self._kept[key] = own  # the last of the dictionary: asked for most recently
            while len(self._kept) > self._most:
                del self._kept[next(iter(self._kept))]
        return self._computed(key, own, *args, **kwargs) if known is None else known.result()

    def cache_clear(self) -> None:
        """Forget all answers."""
        with self._lock:
            self._kept.clear()

    def _computed(self, key: Hashable, own: Future[_T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
        try:
            with self._turn:
                answer = self._compute(*args, **kwargs)
        except BaseException as error:
            with self._lock:
                if self._kept.get(key) is own:
                    del self._kept[key]
            own.set_exception(error)
            raise
        own.set_result(answer)
        return answer


def remembered(most: int, *, in_turn: bool = False) -> Callable[[Callable[_P, _T]], Remembered[_P, _T]]:
    """Make a function keep its last answers, `most` of them.

    With `in_turn` it computes one answer at a time, where each takes a processor and memory.
    """

    def wrapped(compute: Callable[_P, _T]) -> Remembered[_P, _T]:
        return Remembered(compute, most, threading.Lock() if in_turn else nullcontext())

    return wrapped
