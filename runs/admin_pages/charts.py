"""Draw line charts as geometry, in the units of an SVG template. Pure; the style sheet has the colours."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

WIDTH, HEIGHT = 640, 260
LEFT, RIGHT, TOP, BOTTOM = 64, 12, 12, 40
MOST_POINTS = 400  # per line: more could not be told apart on a screen, but would be sent
MOST_DOTS = 60

Point: TypeAlias = tuple[int, float | None]


@dataclass(frozen=True, slots=True)
class Tick:
    """A tick mark; `at` is the position along its axis."""

    at: float
    label: str


@dataclass(frozen=True, slots=True)
class Dot:
    """A drawn point, with the words shown when it is pointed at."""

    x: float
    y: float
    title: str


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a chart.

    `path` is SVG path data, interrupted where values are unknown; `colour` counts from 1.
    """

    name: str
    colour: int
    path: str
    dots: list[Dot]


@dataclass(frozen=True, slots=True)
class Chart:
    """A line chart; the plot area is (left, top) to (right, bottom), y downwards."""

    title: str
    lines: list[Line]
    x_ticks: list[Tick]
    y_ticks: list[Tick]
    best_x: float | None
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    top: int = TOP
    bottom: int = HEIGHT - BOTTOM
    middle: int = (LEFT + WIDTH - RIGHT) // 2


class Scale:
    """A linear mapping from a range of values to a range of positions."""

    def __init__(self, low: float, high: float, start: float, end: float) -> None:
        self.low, self.high, self.start, self.end = low, high, start, end

    def __call__(self, value: float) -> float:
        """Map a value to its position, rounded to a tenth of a unit, which is too small to see.

        The values are halved first, so that no range of floats overflows.
        """
        span = self.high / 2 - self.low / 2
        share = (value / 2 - self.low / 2) / span if span else 0.5
        return round(self.start + share * (self.end - self.start), 1)


def line_chart(
    title: str,
    series: Mapping[str, Sequence[Point]],
    *,
    best_epoch: int | None = None,
    bounds: tuple[float, float] | None = None,
) -> Chart | None:
    """Draw values by epoch, one line per series; None when there is nothing to draw. `bounds` fixes the y axis."""
    known = {name: [(x, y) for x, y in points if y is not None] for name, points in series.items()}
    if not any(known.values()):
        return None
    xs = [x for points in known.values() for x, _ in points]
    ys = [y for points in known.values() for _, y in points]
    low, high = bounds or _padded(min(ys), max(ys))
    x_scale = Scale(min(xs), max(xs), LEFT, WIDTH - RIGHT)
    y_scale = Scale(low, high, HEIGHT - BOTTOM, TOP)
    return Chart(
        title=title,
        lines=[
            _line(name, colour, series[name], x_scale, y_scale)
            for colour, name in enumerate(series, start=1)
            if known[name]
        ],
        x_ticks=[Tick(x_scale(x), str(int(x))) for x in ticks(min(xs), max(xs), 10, whole=True)],
        y_ticks=[Tick(y_scale(y), f"{y:.6g}") for y in ticks(low, high, 8)],
        best_x=None if best_epoch is None or not min(xs) <= best_epoch <= max(xs) else x_scale(best_epoch),
    )


def ticks(low: float, high: float, most: int, *, whole: bool = False) -> list[float]:
    """Return at most about `most` round numbers (1, 2 or 5 times a power of ten apart) from `low` to `high`."""
    if not low < high:
        return [low]
    rough = high / most - low / most
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough * 0.999)
    if whole:
        step = max(1.0, step)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [index * step for index in range(first, last + 1)]


def thinned(points: Sequence[Point], most: int = MOST_POINTS) -> list[Point]:
    """Reduce points to about `most` that look like all: each part keeps its extremes, so no spike is lost."""
    if len(points) <= most:
        return list(points)
    size = math.ceil(2 * len(points) / most)
    return [point for start in range(0, len(points), size) for point in _extremes(points[start : start + size])]


def _extremes(stretch: Sequence[Point]) -> Iterator[Point]:
    known = [(y, index) for index, (_, y) in enumerate(stretch) if y is not None]
    for index in sorted({min(known)[1], max(known)[1]}) if known else (0,):
        yield stretch[index]


def _padded(low: float, high: float) -> tuple[float, float]:
    """Widen a range by a tenth of half its size on both sides, also around a single value."""
    air = (high / 2 - low / 2) * 0.1 or abs(high) * 0.1 or 1.0
    padded = low - air, high + air
    return padded if all(map(math.isfinite, padded)) else (low, high)


def _line(name: str, colour: int, points: Sequence[Point], x_scale: Scale, y_scale: Scale) -> Line:
    drawn = [(x, None if y is None else (x_scale(x), y_scale(y), y)) for x, y in thinned(points)]
    known = [(x, place) for x, place in drawn if place is not None]
    dots = [Dot(place[0], place[1], f"{name} {place[2]:.6g}, epoch {x}") for x, place in known]
    return Line(
        name=name,
        colour=colour,
        path=_path(None if place is None else place[:2] for _, place in drawn),
        dots=dots if len(dots) <= MOST_DOTS else [],
    )


def _path(places: Iterable[tuple[float, float] | None]) -> str:
    commands, command = [], "M"
    for place in places:
        if place is None:
            command = "M"
        else:
            commands.append(f"{command}{place[0]:g} {place[1]:g}")
            command = "L"
    return " ".join(commands)
