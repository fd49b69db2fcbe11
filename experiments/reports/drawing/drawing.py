"""Draw plots by matplotlib, without pyplot: the same bytes each time. Loaded only by the process that draws."""

from __future__ import annotations

import io
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from experiments.reports.drawing.plots import (
    AnyPlot,
    Drawn,
    ForestPlot,
    HistogramPlot,
    Line,
    LinePlot,
    MatrixPlot,
)

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#332288", "#882255", "#44aa99", "#999933")
"""Told apart with any kind of colour vision; beyond them, styles of lines tell classes apart."""
GREY = "#767676"
INK = "#222222"
STYLES = {"line": "-", "dashed": "--", "dotted": ":", "steps": "-", "points": "none"}
PNG_DPI = 150
MOST_NUMBERS = 20  # classes of a matrix whose counts are written
SETTINGS: Any = {
    "svg.hashsalt": "livetrain",
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "axes.edgecolor": GREY,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.grid.axis": "both",
    "grid.color": "#e4e4e4",
    "grid.linewidth": 0.6,
    "axes.axisbelow": True,
    "xtick.color": INK,
    "ytick.color": INK,
    "legend.frameon": False,
    "legend.fontsize": 8,
    "text.parse_math": False,  # names of classes may have dollar signs
}


def draw(plot: AnyPlot) -> Drawn:
    """Draw a plot as SVG and PNG."""
    with mpl.rc_context(SETTINGS):
        figure = Figure(figsize=_size(plot), layout="constrained")
        axes = figure.add_subplot()
        axes.set_xlabel(plot.x_label)
        axes.set_ylabel(plot.y_label)
        if isinstance(plot, LinePlot):
            _lines(axes, plot)
        elif isinstance(plot, HistogramPlot):
            _histogram(axes, plot)
        elif isinstance(plot, MatrixPlot):
            _matrix(axes, plot)
        else:
            _forest(axes, plot)
        return Drawn(name=plot.name, svg=_svg(figure), png=_png(figure))


def _size(plot: AnyPlot) -> tuple[float, float]:
    """Return width and height in inches."""
    if isinstance(plot, ForestPlot):
        return 6.6, min(40.0, 1.0 + 0.24 * len(plot.rows))
    if isinstance(plot, MatrixPlot):
        side = min(8.5, max(3.2, 1.8 + 0.42 * len(plot.labels)))
        return side, side
    if isinstance(plot, LinePlot) and plot.square:
        below = sum(bool(line.label) for line in plot.lines)
        return 5.0, 4.5 + 0.17 * below
    return 6.2, 3.5


def _svg(figure: Figure) -> bytes:
    target = io.BytesIO()
    FigureCanvasSVG(figure).print_svg(  # type: ignore[no-untyped-call]
        target, metadata={"Date": None, "Creator": None}
    )
    return target.getvalue()


def _png(figure: Figure) -> bytes:
    target = io.BytesIO()
    figure.set_dpi(PNG_DPI)
    FigureCanvasAgg(figure).print_png(  # type: ignore[no-untyped-call]
        target, metadata={"Software": None}
    )
    return target.getvalue()


def _lines(axes: Axes, plot: LinePlot) -> None:
    for line in plot.lines:
        _line(axes, line)
    _marks(axes, plot.marks)
    if plot.x_limits:
        axes.set_xlim(*plot.x_limits)
    if plot.y_limits:
        axes.set_ylim(*plot.y_limits)
    if plot.square:
        axes.set_aspect("equal")
    if plot.whole_x:
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    _legend(axes, below=plot.square)


def _line(axes: Axes, line: Line) -> None:
    colour = _colour(line.colour)
    shared: dict[str, Any] = {"color": colour, "label": line.label or None}
    if line.low and line.style == "points":
        gaps = [[max(0.0, y - low) for y, low in zip(line.y, line.low, strict=True)],
                [max(0.0, high - y) for y, high in zip(line.y, line.high, strict=True)]]  # fmt: skip
        axes.errorbar(line.x, line.y, yerr=gaps, fmt="o", markersize=4, linewidth=1, capsize=2, **shared)
        return
    if line.low:
        axes.fill_between(line.x, line.low, line.high, color=colour, alpha=0.15, linewidth=0)
    if line.style == "points":
        axes.plot(line.x, line.y, "o", markersize=6, markeredgecolor="white", zorder=5, **shared)
    elif line.style == "steps":
        axes.step(line.x, line.y, where="pre", linewidth=1.5, **shared)
    else:
        axes.plot(line.x, line.y, linestyle=_style(line), linewidth=1.5, **shared)


def _style(line: Line) -> Any:
    """Return the style of a line; classes that share a colour have another one each."""
    if line.style != "line" or line.colour < len(COLOURS):
        return STYLES[line.style]
    return (0, (5, 1 + line.colour // len(COLOURS)))


def _colour(number: int) -> str:
    return GREY if number < 0 else COLOURS[number % len(COLOURS)]


def _marks(axes: Axes, marks: list[tuple[float, str]]) -> None:
    for number, (x, label) in enumerate(marks):
        axes.axvline(x, color=INK, linewidth=1, linestyle=("--", ":")[number % 2], label=label)


def _legend(axes: Axes, *, below: bool) -> None:
    """Explain the lines: below the figure where they are many, else where there is room."""
    handles, labels = axes.get_legend_handles_labels()
    if not handles:
        return
    if below:
        axes.figure.legend(handles, labels, loc="outside lower center")
    else:
        axes.legend(handles, labels, loc="best")


def _histogram(axes: Axes, plot: HistogramPlot) -> None:
    for number, (label, shares) in enumerate(plot.groups):
        edges = [plot.low + (plot.high - plot.low) * place / len(shares) for place in range(len(shares) + 1)]
        colour = _colour(number)
        axes.stairs(shares, edges, color=colour, fill=True, alpha=0.3)
        axes.stairs(shares, edges, color=colour, linewidth=1.4, label=label, linestyle=("-", "--")[number % 2])
    _marks(axes, plot.marks)
    axes.set_xlim(plot.low, plot.high)
    axes.set_ylim(bottom=0)
    _legend(axes, below=False)


def _matrix(axes: Axes, plot: MatrixPlot) -> None:
    shares = [[count / max(1, sum(row)) for count in row] for row in plot.counts]
    axes.grid(visible=False)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    places = range(len(plot.labels))
    axes.set_xticks(places, plot.labels, rotation=0 if _are_short(plot.labels) else 90)
    axes.set_yticks(places, plot.labels)
    axes.tick_params(length=0)
    for spine in axes.spines.values():
        spine.set_visible(False)
    if len(plot.labels) > MOST_NUMBERS:
        return
    for row in places:
        for column in places:
            colour = "white" if shares[row][column] > 0.6 else INK
            axes.text(column, row, f"{plot.counts[row][column]:,}", ha="center", va="center", color=colour)


def _are_short(labels: list[str]) -> bool:
    return max(map(len, labels)) * len(labels) <= 45


def _forest(axes: Axes, plot: ForestPlot) -> None:
    axes.grid(visible=False, axis="y")
    for place, row in enumerate(plot.rows):
        if row.value is not None:
            axes.plot([row.value], [place], "s", color=COLOURS[0], markersize=4)
            if row.low is not None and row.high is not None:
                axes.hlines(place, row.low, row.high, color=COLOURS[0], linewidth=1.2)
        axes.text(1.02, place, row.text, transform=axes.get_yaxis_transform(), va="center", fontsize=8, color=INK)
    if plot.reference is not None:
        axes.axvline(plot.reference, color=GREY, linewidth=1, linestyle="--", label=plot.reference_label)
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1.0), borderaxespad=0.2)
    axes.set_yticks(range(len(plot.rows)), [row.label for row in plot.rows])
    for label, row in zip(axes.get_yticklabels(), plot.rows, strict=True):
        label.set_fontweight("bold" if row.heading else "normal")
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.set_ylim(len(plot.rows) - 0.5, -0.5)
