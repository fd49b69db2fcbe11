"""Fails of an exception, as the real recipe says it."""

import threading

from experiments.training.contract.reports import Job, Outcome, Reporter


def train(job: Job, report: Reporter, stop: threading.Event) -> None:
    report(Outcome(status="failed", reason="ValueError: of the user's own code"))
