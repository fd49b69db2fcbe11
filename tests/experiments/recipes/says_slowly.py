"""Says one thing after the other, each in a message of its own, and only then leaves a file and waits."""

import threading
import time
from pathlib import Path

from experiments.training.contract.reports import Job, Outcome, Reporter
from runs.events import LrUpdate


def train(job: Job, report: Reporter, stop: threading.Event) -> None:
    for step in range(4):
        report(LrUpdate(epoch=0, step=step, learning_rate=0.1))
        time.sleep(0.2)
    (Path(job.run_dir) / "said").touch()
    stop.wait(60)
    report(Outcome(status="interrupted", reason=None))
