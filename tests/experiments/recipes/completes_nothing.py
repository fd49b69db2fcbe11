"""Told to finish before an epoch was complete, it has nothing to evaluate."""

from experiments.training.contract.reports import Job, Outcome, Reporter
from experiments.training.contract.stop import Stop


def train(job: Job, report: Reporter, stop: Stop) -> None:
    stop.early.wait(60)
    report(Outcome(status="interrupted", reason=None))
