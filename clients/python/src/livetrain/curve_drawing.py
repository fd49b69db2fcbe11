"""A small curve as SVG, which needs neither script nor style."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape
from itertools import groupby

WIDTH, HEIGHT, EDGE = 240, 48, 3


def drawn(name: str, values: Sequence[float | None]) -> str:
    """Draw a curve over epochs, with gaps where a value is unknown; blank with fewer than two finite values."""
    finite = [value for value in values if value is not None and math.isfinite(value)]
    if len(finite) < 2:
        return ""
    low, high = min(finite), max(finite)
    lines = "".join(_line(points) for points in _stretches(values, low, high))
    title = escape(f"{name}: {low:.4g} to {high:.4g}, last {finite[-1]:.4g}")
    return (
        f'<svg role="img" width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}" fill="none" '
        f'stroke="currentColor" stroke-width="1.5" stroke-linecap="round"><title>{title}</title>{lines}</svg>'
    )


def _stretches(values: Sequence[float | None], low: float, high: float) -> list[list[tuple[float, float]]]:
    """Return the places of each stretch of finite values."""
    span, last = high / 2 - low / 2 or 1.0, len(values) - 1  # the whole span of two doubles may be no double
    places = [
        (
            EDGE + (WIDTH - 2 * EDGE) * number / last,
            HEIGHT / 2 - (HEIGHT / 2 - EDGE) * ((value / 2 - low / 2) / span * 2 - 1 if high > low else 0.0),
        )
        if value is not None and math.isfinite(value)
        else None
        for number, value in enumerate(values)
    ]
    return [[place for place in stretch if place] for known, stretch in groupby(places, bool) if known]


def _line(points: list[tuple[float, float]]) -> str:
    if len(points) == 1:
        points = points * 2  # a dot
    return f'<polyline points="{" ".join(f"{x:.1f},{y:.1f}" for x, y in points)}"/>'
