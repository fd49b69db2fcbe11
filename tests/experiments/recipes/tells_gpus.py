"""Notes which GPUs it may use, then trains until it is told to stop."""

import os

from experiments.training.reports import Job, Note, Outcome, Tell
from experiments.training.stop import Stop


def train(job: Job, tell: Tell, stop: Stop) -> None:
    tell(Note(code="gpus", text=os.environ.get("CUDA_VISIBLE_DEVICES", "as it was")))
    stop.wait(60)
    tell(Outcome(status="interrupted", reason=None))
