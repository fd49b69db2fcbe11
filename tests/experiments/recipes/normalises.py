"""The real recipe with a network of somebody else that has batch normalisation, on the data asked for.

All epochs but the first wait in memory until the training ends, and then for a disk that is slow.
"""

import time
from pathlib import Path
from unittest.mock import patch

import torch
from torch import Tensor, nn

from experiments.training.callbacks.checkpoints import cadence
from experiments.training.contract.reports import Job, Reporter
from experiments.training.contract.stop import Stop
from experiments.training.recipes import centralized
from runs import atomic_files
from tests.experiments.training.trainings import Network


class Normalising(Network):
    """30 features; its running statistics are those of whichever batches it has seen."""

    def __init__(self) -> None:
        super().__init__(rate=0.05)
        torch.manual_seed(2)
        self.first = nn.Linear(30, 8)
        self.norm = nn.BatchNorm1d(8)

    def forward(self, x: Tensor) -> Tensor:
        scores: Tensor = self.second(torch.tanh(self.norm(self.first(x))))
        return scores[:, 0]


def train(job: Job, report: Reporter, stop: Stop) -> None:
    write = atomic_files.write

    def slowly(path: Path, content: bytes | memoryview) -> None:
        time.sleep(0.5 if path.suffix == ".ckpt" else 0.0)
        write(path, content)

    with (
        patch.object(cadence, "SHARE", 1e-9),
        patch.object(cadence, "LONGEST_SECONDS", 3_600.0),
        patch.object(atomic_files, "write", slowly),
    ):
        centralized.train(job, report, stop, model=Normalising())
