"""The numbers by which a run's best epoch may be chosen, and which of two values is better. Imports no torch."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence

from experiments.training.contract.metrics import metric_catalogue
from experiments.training.contract.metrics.metric_catalogue import Direction
from experiments.training.contract.metrics.metric_request import MetricRequest

PHASE = "val_"
STANDING: Mapping[str, Direction] = {
    "val_auroc": "max",
    "val_loss": "min",
    "val_acc": "max",
    "val_precision": "max",
    "val_recall": "max",
    "val_f1": "max",
}
"""Those of every run."""


def directions() -> dict[str, Direction | None]:
    """Say of each number that a run may have which values are better, null where the library does not say."""
    found = metric_catalogue.current()
    addable = {f"{PHASE}{name}": found.find(name).direction for name in found.usable()} if found else {}
    return addable | dict(STANDING)


def direction(monitor: str, metrics: Sequence[MetricRequest]) -> Direction | None:
    """Say which values of a run's number are better; None where the library does not say.

    Raises ValueError for a number that the run does not have.
    """
    if monitor in STANDING:
        return STANDING[monitor]
    asked = next((asked for asked in metrics if PHASE + asked.number == monitor), None)
    if asked is None:
        raise ValueError(f"{monitor!r} is no number of this run; {_cure(monitor, metrics)}")
    return metric_catalogue.known().find(asked.name).direction


def _cure(monitor: str, metrics: Sequence[MetricRequest]) -> str:
    """Name the number that is meant: one that the run has, or a metric that would give it."""
    numbers = [*STANDING, *(PHASE + asked.number for asked in metrics)]
    addable = [name for name in directions() if name not in numbers]
    if monitor in addable:
        return f'add "{monitor.removeprefix(PHASE)}" to callbacks.metrics'
    near = difflib.get_close_matches(monitor, [*numbers, *addable], n=1)
    if near and near[0] in addable:
        return f'did you mean {near[0]!r}? Then add "{near[0].removeprefix(PHASE)}" to callbacks.metrics'
    hint = f"did you mean {near[0]!r}? " if near else ""
    return f"{hint}It has {', '.join(numbers)}; callbacks.metrics adds others"
