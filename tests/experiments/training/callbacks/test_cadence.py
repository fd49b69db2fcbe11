"""Checkpoints of short epochs take a bounded share of a training's time, and none waits long."""

from __future__ import annotations

from itertools import pairwise

import pytest

from experiments.training.callbacks.checkpoints import cadence
from experiments.training.callbacks.checkpoints.cadence import Cadence

SHARE, LONGEST = 0.05, 10.0


@pytest.fixture(autouse=True)
def _as_in_a_real_training(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cadence, "SHARE", SHARE)
    monkeypatch.setattr(cadence, "LONGEST_SECONDS", LONGEST)


def moments(epochs: int, *, epoch: float, write: float) -> list[float]:
    """Train so many epochs and return when the written ones ended; writing takes time too."""
    now, written = 0.0, []
    rule = Cadence(lambda: now)
    for _ in range(epochs):
        now += epoch
        if rule.due():
            written.append(now)
            with rule.writing():
                now += write
    return written


def test_the_first_epoch_is_always_written() -> None:
    assert moments(1, epoch=0.001, write=5.0) == [0.001]


@pytest.mark.parametrize("epoch", [0.002, 0.02, 0.3])
def test_writing_takes_a_small_share_of_the_time(epoch: float) -> None:
    written = moments(1_000, epoch=epoch, write=0.01)
    assert len(written) > 2
    assert 0.01 * (len(written) - 1) <= SHARE * (written[-1] - written[0])


@pytest.mark.parametrize(("epoch", "write"), [(0.01, 2.0), (1.0, 2.0), (4.0, 60.0)])
def test_no_epoch_waits_long_however_slow_the_disk_is(epoch: float, write: float) -> None:
    written = moments(4_000, epoch=epoch, write=write)
    gaps = [after - before - write for before, after in pairwise(written)]
    assert len(gaps) > 2
    assert max(gaps) <= LONGEST + 1e-6


@pytest.mark.parametrize("epoch", [6.0, 60.0])
def test_epochs_of_which_two_take_longer_are_all_written(epoch: float) -> None:
    assert len(moments(20, epoch=epoch, write=30.0)) == 20


def test_where_writing_costs_nothing_beside_an_epoch_each_is_written() -> None:
    assert len(moments(20, epoch=0.5, write=0.02)) == 20
