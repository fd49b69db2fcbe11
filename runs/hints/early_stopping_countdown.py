"""Predict how long early stopping will still wait, by the rule of Lightning's EarlyStopping. Pure.

A value improves on the best one when it is better by more than `min_delta`; an unknown value improves nothing. The
training stops after the epoch in which the number of epochs since the last improvement reaches the patience. A test
compares this with real trainings.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypedDict

from runs.statistics.matrix_statistics import Number
from runs.stored_config import StoredConfig


class Patience(TypedDict):
    """The countdown after the last complete epoch.

    `best` is the value that has to be improved on by more than `min_delta`, reached in `best_epoch`; both are null
    before the first known one. `waited` epochs have passed without that, `left` more may. Without an improvement the
    training stops after epoch `stops_after_epoch`; null if its last epoch comes before that, or if it has none yet.
    `exhausted`: the patience has run out, which ends the training.
    """

    monitor: str
    mode: str
    min_delta: float
    patience: int
    best: Number
    best_epoch: int | None
    waited: int
    left: int
    stops_after_epoch: int | None
    exhausted: bool


def countdown(config: Mapping[str, Any], max_epochs: int, values: Sequence[tuple[int, Number]]) -> Patience | None:
    """Count down from the run's configuration and its monitored values by epoch, ascending.

    None where early stopping is off.
    """
    asked = StoredConfig(config)
    if not asked.early_stopping:
        return None
    mode, patience, min_delta = asked.mode, asked.patience, asked.min_delta
    best, best_epoch, waited = _followed(values, mode, min_delta)
    last = values[-1][0] if values else None
    stop = None if last is None else last + patience - waited
    return Patience(
        monitor=asked.monitor,
        mode=mode,
        min_delta=min_delta,
        patience=patience,
        best=best,
        best_epoch=best_epoch,
        waited=waited,
        left=patience - waited,
        stops_after_epoch=stop if stop is not None and stop < max_epochs - 1 else None,
        exhausted=waited >= patience,
    )


def _followed(values: Sequence[tuple[int, Number]], mode: str, min_delta: float) -> tuple[Number, int | None, int]:
    """Return the best value, its epoch, and the number of epochs without an improvement since."""
    best: Number = None
    best_epoch, waited = None, 0
    for epoch, value in values:
        if value is not None and (best is None or _better(value, best, mode, min_delta)):
            best, best_epoch, waited = value, epoch, 0
        else:
            waited += 1
    return best, best_epoch, waited


def _better(value: float, best: float, mode: str, min_delta: float) -> bool:
    """Compare in Lightning's arithmetic: the margin is taken from the value, not added to the best."""
    return value - min_delta > best if mode == "max" else value + min_delta < best
