"""Charts are geometry: positions by hand."""

from __future__ import annotations

import math
import re

import pytest

from runs.admin_pages.charts import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, line_chart, thinned, ticks

FLOOR, CEILING, END = HEIGHT - BOTTOM, TOP, WIDTH - RIGHT


def test_corners_of_the_plot_are_the_extremes() -> None:
    chart = line_chart("Loss", {"a": [(0, 1.0), (10, 0.0)]}, bounds=(0.0, 1.0))
    assert chart is not None
    [line] = chart.lines
    assert line.path == f"M{LEFT} {CEILING} L{END} {FLOOR}"
    assert [(dot.x, dot.y) for dot in line.dots] == [(LEFT, CEILING), (END, FLOOR)]
    assert line.dots[0].title == "a 1, epoch 0"


def test_unknown_values_interrupt_the_line() -> None:
    chart = line_chart("Loss", {"a": [(0, 0.0), (1, None), (2, 1.0), (3, 0.0)]}, bounds=(0.0, 1.0))
    assert chart is not None
    assert re.sub(r"[\d. ]", "", chart.lines[0].path) == "MML"
    assert len(chart.lines[0].dots) == 3


def test_nothing_known_is_no_chart() -> None:
    assert line_chart("Loss", {}) is None
    assert line_chart("Loss", {"a": [(0, None)]}) is None


def test_a_series_without_values_keeps_the_colours_of_the_others() -> None:
    chart = line_chart("Loss", {"a": [(0, None)], "b": [(0, 1.0)]})
    assert chart is not None
    assert [(line.name, line.colour) for line in chart.lines] == [("b", 2)]


@pytest.mark.parametrize(
    ("low", "high", "most", "whole", "expected"),
    [
        (0.0, 1.0, 5, False, [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]),
        (0.0, 0.7, 8, False, [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7]),
        (-3.0, 3.0, 3, False, [-2.0, 0.0, 2.0]),
        (0, 19, 10, True, list(range(0, 19, 2))),
        (0, 2, 10, True, [0, 1, 2]),
        (5, 5, 10, True, [5]),
    ],
)
def test_ticks_are_round(low: float, high: float, most: int, whole: bool, expected: list[float]) -> None:
    assert ticks(low, high, most, whole=whole) == pytest.approx(expected)


@pytest.mark.parametrize(
    "values", [[1e300, -1e300], [1.7e308, -1.7e308], [1e-300, 2e-300], [5.0, 5.0], [0.0], [5e-324, 0.0]]
)
def test_no_range_of_numbers_breaks_a_chart(values: list[float]) -> None:
    chart = line_chart("Loss", {"a": list(enumerate(values))})
    assert chart is not None
    places = [dot.y for dot in chart.lines[0].dots] + [tick.at for tick in chart.y_ticks]
    assert all(math.isfinite(place) for place in places)
    assert all(CEILING <= dot.y <= FLOOR for dot in chart.lines[0].dots)
    assert 1 <= len(chart.y_ticks) < 20


def test_thinning_keeps_every_spike() -> None:
    values: list[float | None] = [0.0] * 10_000
    values[1234], values[8888], values[50] = 9.0, -9.0, None
    few = thinned(list(enumerate(values)), 400)
    assert len(few) <= 404
    assert (1234, 9.0) in few
    assert (8888, -9.0) in few
    assert [x for x, _ in few] == sorted(x for x, _ in few)
    assert thinned([(0, 1.0), (1, None)], 400) == [(0, 1.0), (1, None)]


def test_the_best_epoch_is_marked_where_it_is() -> None:
    chart = line_chart("Loss", {"a": [(0, 1.0), (10, 0.0)]}, best_epoch=5)
    assert chart is not None
    assert chart.best_x == (LEFT + END) / 2
    outside = line_chart("Loss", {"a": [(0, 1.0)]}, best_epoch=5)
    assert outside is not None
    assert outside.best_x is None
