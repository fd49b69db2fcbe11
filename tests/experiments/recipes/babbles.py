"""Reports a checkpoint outside the run's folder, as a hostile module might."""

import threading

from experiments.training.contract.reports import CheckpointSaved, Job, Outcome, Reporter


def train(job: Job, report: Reporter, stop: threading.Event) -> None:
    report(CheckpointSaved(epoch=0, step=1, last="../../secrets/django.key", best=None))
    report(Outcome(status="completed", reason=None))
