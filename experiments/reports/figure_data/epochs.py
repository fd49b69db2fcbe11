"""The curves of the training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from experiments.reports.document import Cell, Figure
from experiments.reports.drawing.plots import Line, LinePlot
from experiments.reports.figure_data.pairs import Pair
from experiments.reports.source import Source
from runs.models import Run
from runs.statistics.metric_names import EPOCH_METRICS
from runs.wording.epoch_number import epoch_number
from runs.wording.metric_text import metric_value

MOST_POINTS = 1000
"""Of a curve; of longer trainings every second epoch is drawn, or third …, and all are in metrics.csv of the run."""
_TRAINED = {"train_loss": "Training", "val_loss": "Validation"}


def learning_figures(source: Source) -> list[Pair]:
    """Build the curves of the loss and of the number by which the best epoch was chosen."""
    monitor = source.run.monitor
    figures = {"learning-loss": ("Loss", dict(_TRAINED))}
    if monitor and monitor not in _TRAINED:
        train = f"train_{monitor.partition('_')[2]}"
        names = {train: f"Training ({train})"} if train in EPOCH_METRICS else {}
        figures["learning-monitor"] = (monitor, names | {monitor: f"Validation ({monitor})"})
    values = _values(source.run, [metric for _, names in figures.values() for metric in names])
    found = [_figure(source, name, title, names, values) for name, (title, names) in figures.items()]
    return [pair for pair in found if pair is not None]


def _values(run: Run, names: Sequence[str]) -> dict[int, dict[str, float | None]]:
    """Read these numbers of all epochs, by epoch: others of a long training would fill the memory."""
    found: dict[int, dict[str, float | None]] = {}
    rows = run.metrics.filter(context="epoch", class_name="", client_id=None, metric_name__in=names)
    for epoch, name, value in rows.order_by("epoch").values_list("epoch", "metric_name", "value").iterator():
        found.setdefault(epoch, {})[name] = value
    return found


def _figure(
    source: Source, name: str, title: str, names: Mapping[str, str], values: Mapping[int, Mapping[str, float | None]]
) -> Pair | None:
    step = max(1, -(-len(values) // MOST_POINTS))
    epochs = [(epoch_number(epoch), row) for epoch, row in values.items()][::step]
    lines: dict[str, Line] = {}
    for metric, label in names.items():
        points = [(epoch, row[metric]) for epoch, row in epochs if row.get(metric) is not None]
        if points:
            x, y = (list(map(float, column)) for column in zip(*points, strict=True))
            colour = 0 if metric.startswith("val_") else -1
            style: Any = "line" if metric.startswith("val_") else "dashed"
            lines[metric] = Line(label=label, x=x, y=y, colour=colour, style=style)
    if not lines:
        return None
    best = source.run.best_epoch
    marks = [] if best is None else [(float(epoch_number(best)), f"best epoch: {epoch_number(best)}")]
    caption = f"{title} over the epochs, counted from 1; the line marks the epoch whose checkpoint was evaluated." + (
        f" Every {step} epochs are drawn." if step > 1 else ""
    )
    last = "; ".join(f"{line.label}: at the end {metric_value(name, line.y[-1])}" for name, line in lines.items())
    rows: list[list[Cell]] = [[epoch, *(row.get(metric) for metric in names)] for epoch, row in epochs]
    return Pair(
        Figure(name=name, title=f"{title} by epoch", caption=caption, alt=last, columns=["epoch", *names], rows=rows),
        LinePlot(name=name, x_label="Epoch", y_label=title, lines=list(lines.values()), marks=marks, whole_x=True),
    )
