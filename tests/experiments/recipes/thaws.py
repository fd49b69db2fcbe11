"""The real recipe with a network of which one layer begins to learn in the second epoch."""

import torch
from torch import nn

from experiments.training.contract.reports import Job, Reporter
from experiments.training.contract.stop import Stop
from experiments.training.recipes import centralized
from tests.experiments.training.trainings import Network


class Thawing(Network):
    """30 features."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(3)
        self.first = nn.Linear(30, 8).requires_grad_(False)

    def on_train_epoch_start(self) -> None:
        self.first.requires_grad_(self.current_epoch > 0)


def train(job: Job, report: Reporter, stop: Stop) -> None:
    centralized.train(job, report, stop, model=Thawing())
