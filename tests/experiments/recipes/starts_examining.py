"""Says that it has begun, and never comes to an end."""

import threading
import time

from experiments.training.contract.reports import Job, Note, Reporter


def train(job: Job, report: Reporter, stop: threading.Event) -> None:
    report(Note(code="progress", text="Comparing"))
    time.sleep(120)
