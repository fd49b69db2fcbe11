"""How far a run is, from its events: what its live views show."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from livetrain.described_run import DescribedRun
from livetrain.events import Event

TOLD_BY = ("run_status", "training_start", "progress", "epoch_end")
"""The types of events that matter here; the others are many."""


class Progress:
    """What is known of a run.

    Attributes:
        status: as the newest event has it.
        reason: why it failed or was cancelled.
        monitor: the metric that chooses the best epoch.
        most: how many epochs there can be.
        newest: the data of the newest `progress`.
        epochs: of each epoch, counted from 0, the metrics of all its phases.
    """

    def __init__(self, run: DescribedRun) -> None:
        self.status, self.reason = run.status, run.reason
        self.monitor = str(run.details.get("monitor") or "")
        self.most: int | None = (run.details.get("progress") or {}).get("max_epochs")
        self.newest: Mapping[str, Any] = {}
        self.epochs: dict[int, dict[str, float | None]] = {}

    def take(self, event: Event) -> None:
        """Take what an event says; what a resume makes void is forgotten."""
        data = event.data
        if event.type == "run_status":
            self.status, self.reason = data["status"], data.get("reason")
        elif event.type == "training_start":
            self.most = data["max_epochs"]
            first = (data["resumed_from_epoch"] + 1) if data.get("resumed_from_epoch") is not None else 0
            self.epochs = {epoch: known for epoch, known in self.epochs.items() if epoch < first}
        elif event.type == "progress":
            self.newest = data
        elif event.type == "epoch_end":
            self.epochs.setdefault(data["epoch"], {}).update(data["metrics"])

    def monitored(self) -> list[float | None]:
        """Return the monitored metric of each epoch; none where it was not finite."""
        values = [known.get(self.monitor) for _, known in sorted(self.epochs.items())]
        return [value if value is not None and math.isfinite(value) else None for value in values]

    def line(self) -> str:
        """Say the newest epoch's numbers in a line; blank before there are any."""
        if not self.epochs:
            return ""
        epoch = max(self.epochs)
        known = ", ".join(f"{name} {number(value)}" for name, value in self.epochs[epoch].items())
        return f"epoch {epoch + 1} of {self.most}: {known}"


def number(value: float | None) -> str:
    """Write a number with four digits, an unknown one as a dash."""
    return "–" if value is None else f"{value:.4g}"
