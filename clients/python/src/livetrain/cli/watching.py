"""A run's live view: a bar, the newest numbers, and the monitored metric's curve."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Mapping
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from livetrain.cli import output
from livetrain.client import Run
from livetrain.events import Event

BLOCKS = "▁▂▃▄▅▆▇█"
WIDEST = 60
LAST_EPOCHS = 5


class View:
    """What is known of a run, from its events."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._status = run.status
        self._epochs: dict[int, dict[str, float | None]] = {}
        self._progress: Mapping[str, Any] = {}
        self._most: int | None = (run.details.get("progress") or {}).get("max_epochs")
        self._reason: str | None = None

    def take(self, event: Event) -> None:
        """Take what an event says."""
        data = event.data
        if event.type == "run_status":
            self._status, self._reason = data["status"], data.get("reason")
        elif event.type == "training_start":
            self._most = data["max_epochs"]
            first = (data["resumed_from_epoch"] + 1) if data.get("resumed_from_epoch") is not None else 0
            self._epochs = {epoch: known for epoch, known in self._epochs.items() if epoch < first}
        elif event.type == "progress":
            self._progress = data
        elif event.type == "epoch_end":
            self._epochs.setdefault(data["epoch"], {}).update(data["metrics"])

    def lines(self) -> Iterable[str]:
        """Yield the newest complete epoch as a line, for output that is no terminal."""
        if self._epochs:
            epoch = max(self._epochs)
            known = ", ".join(f"{name} {output.text(value)}" for name, value in self._epochs[epoch].items())
            yield f"epoch {epoch + 1} of {self._most}: {known}"

    def __rich__(self) -> RenderableType:
        head = Text.assemble(f"Run {self._run.id} ", (output.text(self._run.name), "bold"), "  ")
        head.append_text(output.status(self._status))
        parts: list[RenderableType] = [head, self._bar(), self._said()]
        if curve := self._curve():
            parts.append(curve)
        if self._epochs:
            parts.append(self._table())
        return Group(*parts)

    def _bar(self) -> RenderableType:
        step, total = self._progress.get("step"), self._progress.get("total_steps")
        if self._status == "completed":
            step = total = 1
        return ProgressBar(total=total or 1, completed=min(step or 0, total or 1), width=WIDEST)

    def _said(self) -> Text:
        if self._reason and self._status in {"failed", "cancelled"}:
            return Text(output.text(self._reason), style=output.COLOURS[self._status])
        epoch = self._progress.get("epoch")
        said = [f"epoch {epoch + 1} of {self._most}"] if epoch is not None else []
        if speed := self._progress.get("samples_per_second"):
            said.append(f"{speed:,.0f} samples/s")
        if self._status == "in_progress" and self._progress.get("eta_seconds") is not None:
            said.append(f"about {output.seconds(self._progress['eta_seconds'])} left")
        return Text(" · ".join(said), style="dim")

    def _curve(self) -> Text | None:
        monitor = self._run.details.get("monitor") or ""
        values = [known.get(monitor) for _, known in sorted(self._epochs.items())]
        finite = [value for value in values if value is not None and math.isfinite(value)]
        if len(finite) < 2:
            return None
        return Text(f"{monitor} {sparkline(finite)} {finite[-1]:.4g}")

    def _table(self) -> Table:
        last = sorted(self._epochs)[-LAST_EPOCHS:]
        names = list(dict.fromkeys(itertools.chain.from_iterable(self._epochs[epoch] for epoch in last)))
        wanted = [name for name in names if name.endswith(("loss", "auroc", "acc", "recall", "f1"))]
        shown = Table("epoch", *wanted, box=None, pad_edge=False, header_style="dim")
        for epoch in last:
            shown.add_row(str(epoch + 1), *(output.text(self._epochs[epoch].get(name)) for name in wanted))
        return shown


def sparkline(values: list[float]) -> str:
    """Return finite numbers as small columns; of many, each column is the last of its part."""
    count = min(len(values), WIDEST)
    chosen = [values[(place + 1) * len(values) // count - 1] for place in range(count)]
    low, high = min(chosen), max(chosen)
    if low == high:
        return BLOCKS[3] * count
    return "".join(BLOCKS[round((value - low) / (high - low) * (len(BLOCKS) - 1))] for value in chosen)


def watch(run: Run, *, quiet: bool = False) -> None:
    """Show a run until it has ended: live on a terminal, else a line per epoch."""
    view, console = View(run), Console()
    if quiet or not console.is_terminal:
        for event in run.events():
            view.take(event)
            if event.type == "epoch_end" and event.data["phase"] == "val" and not quiet:
                console.print(*view.lines(), sep="\n", markup=False, highlight=False, soft_wrap=True)
        return
    with Live(view, console=console, refresh_per_second=4, transient=False):
        for event in run.events():
            view.take(event)
