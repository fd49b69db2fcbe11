"""Says that it has begun, and never comes to an end."""

import threading
import time

from experiments.training.reports import Job, Note, Tell


def train(job: Job, tell: Tell, stop: threading.Event) -> None:
    tell(Note(code="progress", text="Comparing"))
    time.sleep(120)
