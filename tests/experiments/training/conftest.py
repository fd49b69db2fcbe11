"""What the tests of trainings share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from experiments.training.callbacks.checkpoints import cadence


@pytest.fixture(scope="module", autouse=True)
def _every_epoch_on_disk() -> Iterator[None]:
    """Write each epoch's checkpoint, however short the epochs of tests are: most tests look at one in the middle."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cadence, "LONGEST_SECONDS", 0.0)
        yield
