"""Told to finish before an epoch was complete, it has nothing to evaluate."""

from experiments.training.reports import Job, Outcome, Tell
from experiments.training.stop import Stop


def train(job: Job, tell: Tell, stop: Stop) -> None:
    stop.early.wait(60)
    tell(Outcome(status="interrupted", reason=None))
