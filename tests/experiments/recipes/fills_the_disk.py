"""The real recipe on a disk that has no room for the second epoch's checkpoint."""

import errno
from pathlib import Path
from typing import Any

from experiments.training.callbacks.checkpoints.whole_checkpoints import WholeCheckpoints
from experiments.training.contract.reports import Job, Reporter
from experiments.training.contract.stop import Stop
from experiments.training.recipes import centralized


class Full(WholeCheckpoints):
    def save_checkpoint(self, checkpoint: dict[str, Any], path: str | Path, storage_options: Any = None) -> None:
        if "epoch0001" in str(path):
            raise OSError(errno.ENOSPC, "No space left on device")
        super().save_checkpoint(checkpoint, path, storage_options)


def train(job: Job, report: Reporter, stop: Stop) -> None:
    setattr(centralized, "WholeCheckpoints", Full)  # noqa: B010  # in this process only
    centralized.train(job, report, stop)
