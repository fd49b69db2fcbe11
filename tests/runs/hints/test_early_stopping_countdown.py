"""The countdown of early stopping, by hand; a test beside the trainings compares it with Lightning's."""

from __future__ import annotations

from typing import Any

import pytest

from runs.hints.early_stopping_countdown import Patience, countdown
from runs.statistics.matrix_statistics import Number


def counted(values: list[Number], max_epochs: int = 100, **asked: Any) -> Patience:
    config = {"callbacks": {"monitor": "val_auroc", "mode": "max", "patience": 3, "min_delta": 0.0} | asked}
    found = countdown(config, max_epochs, list(enumerate(values)))
    assert found is not None
    return found


def test_it_waits_from_the_best_epoch_on() -> None:
    assert counted([0.8, 0.9, 0.85, 0.9]) == {
        "monitor": "val_auroc", "mode": "max", "min_delta": 0.0, "patience": 3,
        "best": 0.9, "best_epoch": 1, "waited": 2, "left": 1, "stops_after_epoch": 4, "exhausted": False,
    }  # fmt: skip


def test_nothing_is_known_before_the_first_epoch() -> None:
    found = counted([])
    assert (found["best"], found["waited"], found["left"], found["stops_after_epoch"]) == (None, 0, 3, None)


def test_less_than_the_margin_is_no_improvement_and_moves_no_mark() -> None:
    """0.90, 0.905, 0.909 with 0.01: none is above 0.91, so the mark stays at 0.90."""
    found = counted([0.90, 0.905, 0.909], min_delta=0.01)
    assert (found["best"], found["best_epoch"], found["waited"]) == (0.90, 0, 2)
    found = counted([0.5, 0.495, 0.48], mode="min", min_delta=0.01)
    assert (found["best"], found["best_epoch"], found["waited"]) == (0.48, 2, 0)


def test_an_unknown_value_improves_nothing() -> None:
    found = counted([None, None, 0.7, None])
    assert (found["best"], found["best_epoch"], found["waited"]) == (0.7, 2, 1)
    assert counted([None, None, None])["exhausted"]


def test_the_last_epoch_may_come_first() -> None:
    assert counted([0.9], max_epochs=4)["stops_after_epoch"] is None  # epoch 3 is the last one anyway
    assert counted([0.9], max_epochs=5)["stops_after_epoch"] == 3


@pytest.mark.parametrize("patience", [1, 2])
def test_it_is_exhausted_when_nothing_is_left(patience: int) -> None:
    found = counted([0.9, *[0.8] * patience], patience=patience)
    assert (found["left"], found["exhausted"], found["stops_after_epoch"]) == (0, True, patience)


def test_without_early_stopping_there_is_none() -> None:
    assert countdown({"callbacks": {"early_stopping": False}}, 10, [(0, 0.9)]) is None
