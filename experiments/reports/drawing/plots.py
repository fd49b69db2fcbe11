"""What is to be drawn, as it is passed to the process that draws. Pure: no matplotlib, no Django, no NumPy."""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

Style: TypeAlias = Literal["line", "dashed", "dotted", "steps", "points"]


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """The base of all parts."""


class Line(Part, frozen=True, kw_only=True):
    """Points that belong together. `low` and `high` are ends of intervals of `y`, as many as points, or none.

    `colour` counts from 0; below 0 is grey.
    """

    label: str
    x: list[float]
    y: list[float]
    colour: int = 0
    style: Style = "line"
    low: list[float] = []
    high: list[float] = []


class Plot(Part, frozen=True, kw_only=True):
    """The base of all plots."""

    name: str
    x_label: str = ""
    y_label: str = ""


class LinePlot(Plot, frozen=True, kw_only=True, tag="lines"):
    """Curves; `square` has axes of equal scale, `marks` are vertical lines with their labels."""

    lines: list[Line]
    x_limits: tuple[float, float] | None = None
    y_limits: tuple[float, float] | None = None
    square: bool = False
    marks: list[tuple[float, str]] = []
    whole_x: bool = False


class HistogramPlot(Plot, frozen=True, kw_only=True, tag="histogram"):
    """Shares of samples in bins of equal width from `low` to `high`, of several groups."""

    low: float
    high: float
    groups: list[tuple[str, list[float]]]
    marks: list[tuple[float, str]] = []


class MatrixPlot(Plot, frozen=True, kw_only=True, tag="matrix"):
    """Counts by row and column, each row coloured by its shares."""

    labels: list[str]
    counts: list[list[int]]


class ForestRow(Part, frozen=True, kw_only=True):
    """One line of a forest plot; `heading` rows have no value. `text` is what stands at the right."""

    label: str
    value: float | None = None
    low: float | None = None
    high: float | None = None
    text: str = ""
    heading: bool = False


class ForestPlot(Plot, frozen=True, kw_only=True, tag="forest"):
    """Values with intervals below each other, with a line at `reference`."""

    rows: list[ForestRow]
    reference: float | None = None
    reference_label: str = ""


AnyPlot: TypeAlias = LinePlot | HistogramPlot | MatrixPlot | ForestPlot


class Drawn(Part, frozen=True, kw_only=True):
    """A drawn plot as files."""

    name: str
    svg: bytes
    png: bytes


class Task(Part, frozen=True, kw_only=True):
    """What the process is asked for; `folder` is one to keep matplotlib's list of fonts in."""

    folder: str
    plots: list[AnyPlot]


class Answer(Part, frozen=True, kw_only=True):
    """What it answers; `problem` says why nothing is drawn."""

    drawn: list[Drawn] = []
    problem: str | None = None
