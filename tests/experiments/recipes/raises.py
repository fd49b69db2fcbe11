"""Fails of an exception, as the real recipe says it."""

import threading

from experiments.training.reports import Job, Outcome, Tell


def train(job: Job, tell: Tell, stop: threading.Event) -> None:
    tell(Outcome(status="failed", reason="ValueError: of the user's own code"))
