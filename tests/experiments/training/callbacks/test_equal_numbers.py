"""The cheap collecting gives the same numbers as torchmetrics and `self.log`."""

from __future__ import annotations

import pytest

from benchmarks.collecting import Lean, Plain, numbers_of_one_epoch


@pytest.mark.parametrize("other", [Plain, Lean])
def test_one_epoch_by_either_way(other: type[Plain]) -> None:
    """1000 is no multiple of the batch size: a mean over batches would differ from the mean over samples."""
    ours, torchmetrics = numbers_of_one_epoch(1000, other)
    assert ours.pop("learning_rate") == pytest.approx(1e-3)
    assert ours == pytest.approx(torchmetrics, rel=1e-5)
    assert len(ours) == 14
