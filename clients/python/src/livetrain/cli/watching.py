"""A run's live view: a bar, the newest numbers, and the monitored metric's curve."""

from __future__ import annotations

import click
from rich.console import Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from livetrain.cli import output
from livetrain.progress import TOLD_BY, Progress
from livetrain.run import Run

BLOCKS, PLAIN_BLOCKS = "▁▂▃▄▅▆▇█", "_.,-=+*#"
WIDEST = 60
LAST_EPOCHS = 5


class View:
    """Shows what is known of a run; `plain` in letters that every terminal has."""

    def __init__(self, run: Run, *, plain: bool = False) -> None:
        self._run, self.progress = run, Progress(run)
        self._blocks = PLAIN_BLOCKS if plain else BLOCKS

    def __rich__(self) -> RenderableType:
        head = Text.assemble(f"Run {self._run.id} ", (output.text(self._run.name), "bold"), "  ")
        head.append_text(output.status(self.progress.status))
        parts: list[RenderableType] = [head, self._bar(), self._said()]
        if curve := self._curve():
            parts.append(curve)
        if self.progress.epochs:
            parts.append(self._table())
        return Group(*parts)

    def _bar(self) -> RenderableType:
        step, total = self.progress.newest.get("step"), self.progress.newest.get("total_steps")
        if self.progress.status == "completed":
            step = total = 1
        return ProgressBar(total=total or 1, completed=min(step or 0, total or 1), width=WIDEST)

    def _said(self) -> Text:
        known, newest = self.progress, self.progress.newest
        if known.reason and known.status in {"failed", "cancelled"}:
            return Text(output.text(known.reason), style=output.COLOURS[known.status])
        epoch = newest.get("epoch")
        said = [f"epoch {epoch + 1} of {known.most}"] if epoch is not None else []
        if speed := newest.get("samples_per_second"):
            said.append(f"{speed:,.0f} samples/s")
        if known.status == "in_progress" and newest.get("eta_seconds") is not None:
            said.append(f"about {output.seconds(newest['eta_seconds'])} left")
        return Text(" · ".join(said), style="dim")

    def _curve(self) -> Text | None:
        finite = [value for value in self.progress.monitored() if value is not None]
        if len(finite) < 2:
            return None
        return Text(f"{self.progress.monitor} {sparkline(finite, self._blocks)} {finite[-1]:.4g}")

    def _table(self) -> Table:
        last = sorted(self.progress.epochs.items())[-LAST_EPOCHS:]
        names = list(dict.fromkeys(name for _, known in last for name in known))
        wanted = [name for name in names if name.endswith(("loss", "auroc", "acc", "recall", "f1"))]
        shown = Table("epoch", *wanted, box=None, pad_edge=False, header_style="dim")
        for epoch, known in last:
            shown.add_row(str(epoch + 1), *(output.text(known.get(name)) for name in wanted))
        return shown


def sparkline(values: list[float], blocks: str = BLOCKS) -> str:
    """Return finite numbers as small columns; of many, each column is the last of its part."""
    count = min(len(values), WIDEST)
    chosen = [values[(place + 1) * len(values) // count - 1] for place in range(count)]
    low, high = min(chosen), max(chosen)
    if low == high:
        return blocks[3] * count
    # Halves: the whole span of two doubles may be no double.
    span, last = high / 2 - low / 2 or 1.0, len(blocks) - 1
    return "".join(blocks[round((value / 2 - low / 2) / span * last)] for value in chosen)


def watch(run: Run) -> None:
    """Show a run until it has ended: live on a terminal, else a line per epoch."""
    console = output.console()
    view = View(run, plain=console.options.ascii_only)
    if not console.is_terminal or console.is_dumb_terminal:
        for event in run.events(types=TOLD_BY):
            view.progress.take(event)
            if event.type == "epoch_end" and event.data["phase"] == "val":
                click.echo(output.text(view.progress.line()))
        return
    with Live(view, console=console, refresh_per_second=4, transient=False):
        for event in run.events(types=TOLD_BY):
            view.progress.take(event)


def events(run: Run) -> None:
    """Print a run's events until it has ended, each as a line of JSON."""
    for event in run.events():
        output.as_json(event.item(), indent=None)
