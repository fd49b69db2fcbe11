"""A figure in the document with what is drawn of it. Pure."""

from __future__ import annotations

from typing import NamedTuple

from experiments.reports.document import Figure
from experiments.reports.drawing.plots import AnyPlot


class Pair(NamedTuple):
    """A figure, and its plot under the same name."""

    figure: Figure
    plot: AnyPlot
