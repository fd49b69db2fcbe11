"""The real recipe with a network of somebody else that has batch normalisation, on the data asked for."""

import torch
from torch import Tensor, nn

from experiments.training.contract.reports import Job, Reporter
from experiments.training.contract.stop import Stop
from experiments.training.recipes import centralized
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
    centralized.train(job, report, stop, model=Normalising())
