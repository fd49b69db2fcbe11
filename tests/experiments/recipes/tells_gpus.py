"""Notes which GPUs it may use, then trains until it is told to stop."""

import os

from experiments.training.contract.reports import Job, Note, Outcome, Reporter
from experiments.training.contract.stop import Stop


def train(job: Job, report: Reporter, stop: Stop) -> None:
    report(Note(code="gpus", text=os.environ.get("CUDA_VISIBLE_DEVICES", "as it was")))
    stop.wait(60)
    report(Outcome(status="interrupted", reason=None))
