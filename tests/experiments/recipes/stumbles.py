"""The real recipe with a network that breaks in the second rank, in its third batch."""

from typing import Any

from torch import Tensor

from experiments.training.contract.reports import Job, Reporter
from experiments.training.contract.stop import Stop
from experiments.training.recipes import centralized
from tests.experiments.recipes.normalises import Normalising


class Stumbling(Normalising):
    def training_step(self, batch: tuple[Tensor, Tensor, Tensor], batch_idx: int) -> Any:
        if self.global_rank == 1 and batch_idx == 2:
            raise ValueError("boom")
        return super().training_step(batch, batch_idx)


def train(job: Job, report: Reporter, stop: Stop) -> None:
    centralized.train(job, report, stop, model=Stumbling())
