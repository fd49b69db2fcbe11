"""Says in its outcome whether garbage is collected, and how many objects are left out."""

import gc
import threading

from experiments.training.contract.reports import Job, Outcome, Reporter


def train(job: Job, report: Reporter, stop: threading.Event) -> None:
    report(Outcome(status="failed", reason=f"{gc.isenabled()} {gc.get_freeze_count()}"))
