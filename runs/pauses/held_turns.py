"""Turns that a request holds until it has been answered: taken where it is known whose they are, ended in one place."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple

from django.http import HttpRequest, HttpResponseBase

from runs.pauses.turns import Turn

_HELD, _RELEASED = "_held_turns", "_turns_are_released"
"""In the request: its turns, and that it is over."""


class _Held(NamedTuple):
    turn: Turn
    until_sent: bool


def hold(request: HttpRequest, turn: Turn, *, until_sent: bool = False) -> None:
    """Let the request hold a turn until its answer is there; with `until_sent` until a streamed answer is sent, too.

    A request that is over holds none: its client left while a thread waited for the turn.
    """
    _held_by(request).append(_Held(turn, until_sent))
    if _RELEASED in request.__dict__:
        release(request, None)


def release(request: HttpRequest, response: HttpResponseBase | None) -> None:
    """End what the request holds; None: there is no answer.

    A streamed answer that nobody closes ends its turns when it is gone from memory.
    """
    request.__dict__[_RELEASED] = True  # first: a turn that comes meanwhile is found here, or finds this
    held = _held_by(request)
    with suppress(IndexError):  # when none is left, of which another thread may have taken some
        while True:
            _end(held.pop(), response)


def _end(held: _Held, response: HttpResponseBase | None) -> None:
    if held.until_sent and response is not None and response.streaming:
        closers: list[Callable[[], None]] = response._resource_closers  # type: ignore[attr-defined]  # not public
        closers.append(held.turn.end)
        weakref.finalize(response, held.turn.end)
    else:
        held.turn.end()


def _held_by(request: HttpRequest) -> list[_Held]:
    held: list[_Held] = request.__dict__.setdefault(_HELD, [])
    return held
