"""Turns that a request holds until it has been answered: taken where it is known whose they are, ended in one place."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import NamedTuple

from django.http import HttpRequest, HttpResponseBase

from runs.pauses.turns import Turn


class _Held(NamedTuple):
    turn: Turn
    until_sent: bool


def hold(request: HttpRequest, turn: Turn, *, until_sent: bool = False) -> None:
    """Let the request hold a turn until its answer is there; with `until_sent` until a streamed answer is sent, too."""
    _held_by(request).append(_Held(turn, until_sent))


def release(request: HttpRequest, response: HttpResponseBase | None) -> None:
    """End what the request holds; None: there is no answer.

    A streamed answer that nobody closes ends its turns when it is gone from memory.
    """
    held = _held_by(request)
    while held:
        turn, until_sent = held.pop()
        if until_sent and response is not None and response.streaming:
            closers: list[Callable[[], None]] = response._resource_closers  # type: ignore[attr-defined]  # not public
            closers.append(turn.end)
            weakref.finalize(response, turn.end)
        else:
            turn.end()


def _held_by(request: HttpRequest) -> list[_Held]:
    held: list[_Held] = request.__dict__.setdefault("_held_turns", [])
    return held
