"""Ends with exit code 0 and without an outcome, as Lightning does on SIGTERM."""

import threading

from experiments.training.contract.reports import Job, Reporter


def train(job: Job, report: Reporter, stop: threading.Event) -> None:
    raise SystemExit(0)
