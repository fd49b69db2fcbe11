"""Which part of a curve is asked for. Pure."""

from __future__ import annotations

from dataclasses import dataclass


class NoAxis(Exception):
    """The curve has no position on that axis; the text says which axes it has."""


@dataclass(frozen=True, slots=True)
class Window:
    """The requested part of a curve.

    `low` and `high` (None: unbounded) are on the axis `by`, both included; `points` bounds the answer.
    """

    by: str
    points: int
    low: float | None = None
    high: float | None = None
