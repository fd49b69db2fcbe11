"""The curves of the training."""

from __future__ import annotations

from typing import Any

from experiments.reports.document import Figure
from experiments.reports.drawing.plots import Line, LinePlot
from experiments.reports.figure_data.pairs import Pair
from experiments.reports.source import Source
from runs.statistics.metric_names import EPOCH_METRICS
from runs.wording.epoch_number import epoch_number
from runs.wording.metric_text import metric_value

MOST_POINTS = 1000
"""Of a curve; of longer trainings every second epoch is drawn, or third …, and all are in metrics.csv of the run."""
_TRAINED = {"train_loss": "Training", "val_loss": "Validation"}


def learning_figures(source: Source) -> list[Pair]:
    """Build the curves of the loss and of the number by which the best epoch was chosen."""
    if not source.epochs:
        return []
    monitor = source.run.monitor
    found = [_figure(source, "learning-loss", "Loss", dict(_TRAINED))]
    if monitor and monitor not in _TRAINED:
        train = f"train_{monitor.partition('_')[2]}"
        names = {monitor: f"Validation ({monitor})"}
        if train in EPOCH_METRICS:
            names = {train: f"Training ({train})"} | names
        found.append(_figure(source, "learning-monitor", monitor, names))
    return [pair for pair in found if pair is not None]


def _figure(source: Source, name: str, title: str, names: dict[str, str]) -> Pair | None:
    step = max(1, -(-len(source.epochs) // MOST_POINTS))
    epochs = source.epochs[::step]
    lines = []
    for metric, label in names.items():
        points = [(epoch_number(row["epoch"]), row[metric]) for row in epochs if row.get(metric) is not None]
        if points:
            x, y = (list(map(float, column)) for column in zip(*points, strict=True))
            colour = 0 if metric.startswith("val_") else -1
            style: Any = "line" if metric.startswith("val_") else "dashed"
            lines.append(Line(label=label, x=x, y=y, colour=colour, style=style))
    if not lines:
        return None
    best = source.run.best_epoch
    marks = [] if best is None else [(float(epoch_number(best)), f"best epoch: {epoch_number(best)}")]
    caption = f"{title} over the epochs, counted from 1; the line marks the epoch whose checkpoint was evaluated." + (
        f" Every {step} epochs are drawn." if step > 1 else ""
    )
    last = "; ".join(
        f"{line.label}: at the end {metric_value(metric, line.y[-1])}"
        for metric, line in zip(names, lines, strict=False)
    )
    rows = [[epoch_number(row["epoch"]), *(row.get(metric) for metric in names)] for row in epochs]
    return Pair(
        Figure(name=name, title=f"{title} by epoch", caption=caption, alt=last, columns=["epoch", *names], rows=rows),
        LinePlot(name=name, x_label="Epoch", y_label=title, lines=lines, marks=marks, whole_x=True),
    )
