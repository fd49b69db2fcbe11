"""Shows a training's progress in a terminal."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from tqdm import tqdm

from experiments.training.contract.reports import Message, Outcome
from runs.events import EpochEnd, Progress, TrainingStart
from runs.models import Run
from runs.wording.epoch_number import epoch_number
from runs.wording.metric_text import metric_value


class Console:
    """Draws a bar over all steps of a run, with the newest metrics beside it."""

    def __init__(self, run: Run) -> None:
        title = f"run {run.pk}, {run.which_fold}" if run.fold else f"run {run.pk}"
        self._bar: tqdm[None] = tqdm(desc=title, unit="step", dynamic_ncols=True)
        self._monitor = run.monitor

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._bar.close()

    def observe(self, message: Message) -> None:
        """Update the bar by a message of the training; called with every message, in order."""
        if isinstance(message, TrainingStart):
            self._bar.total = message.total_steps
        elif isinstance(message, Progress):
            self._bar.update(message.step - self._bar.n)
        elif isinstance(message, Outcome) and message.status == "completed":
            self._bar.update((self._bar.total or 0) - self._bar.n)  # no progress is reported after the last step
        elif isinstance(message, EpochEnd) and message.phase == "val":
            shown = {name: message.metrics.get(name) for name in dict.fromkeys((self._monitor, "val_loss"))}
            self._bar.set_postfix(
                {"epoch": epoch_number(message.epoch)}
                | {name: metric_value(name, value) for name, value in shown.items()}
            )
