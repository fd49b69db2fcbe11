"""Reports a checkpoint outside the run's folder, as a hostile module might."""

import threading

from experiments.training.reports import CheckpointSaved, Job, Outcome, Tell


def train(job: Job, tell: Tell, stop: threading.Event) -> None:
    tell(CheckpointSaved(epoch=0, step=1, last="../../secrets/django.key", best=None))
    tell(Outcome(status="completed", reason=None))
