"""A run's live view in a notebook; elsewhere a line per epoch."""

from __future__ import annotations

import importlib
import sys
import time
from html import escape
from typing import Any

from livetrain.curve_drawing import drawn
from livetrain.described_run import DescribedRun
from livetrain.events import Event
from livetrain.progress import Progress

SECONDS = 0.5
"""A notebook keeps each change that it is sent; more often than that nobody reads them."""


class LiveView:
    """Shows a run's events as they come."""

    def __init__(self, run: DescribedRun) -> None:
        self._run, self.progress = run, Progress(run)
        self._next = 0.0
        show = _display()
        self._shown: Any = show(self, display_id=True) if show else None

    def take(self, event: Event) -> None:
        """Show what an event says."""
        self.progress.take(event)
        if self._shown is None:
            if event.type == "epoch_end" and event.data["phase"] == "val":
                sys.stdout.write(f"{self.progress.line()}\n")
        elif time.monotonic() >= self._next:
            self._update()

    def end(self) -> None:
        """Show how it ended."""
        self._run.sparkline = {"metric": self.progress.monitor, "values": self.progress.monitored()}
        if self._shown is None:
            sys.stdout.write(f"Run {self._run.id} is {self._run.status}{_because(self._run.reason)}\n")
        else:
            self._shown.update(self._run)

    def _update(self) -> None:
        self._next = time.monotonic() + SECONDS
        self._shown.update(self)

    def _repr_html_(self) -> str:
        known = self.progress
        step, total = known.newest.get("step"), known.newest.get("total_steps")
        bar = f'<progress max="1" value="{min(1.0, step / total) if step and total else 0.0:.4f}"></progress>'
        title = f'<a href="{escape(self._run.page, quote=True)}">Run {self._run.id}: {escape(self._run.name)}</a>'
        said = f"{known.status.replace('_', ' ')}{_because(known.reason)} {known.line()}"
        curve = drawn(known.monitor, known.monitored())
        return f"<div><strong>{title}</strong> {bar}<div>{escape(said)}</div>{curve}</div>"


def _because(reason: str | None) -> str:
    return f": {reason}" if reason else ""


def _display() -> Any:
    """Return what shows an object in the notebook that runs this; None elsewhere."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    if getattr(shell, "kernel", None) is None:  # also of the shell in a terminal, which shows no HTML
        return None
    return importlib.import_module("IPython.display").display
