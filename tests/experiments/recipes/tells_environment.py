"""Writes down the names of its environment variables."""

import json
import os
import threading
from pathlib import Path

from experiments.training.contract.reports import Job, Outcome, Reporter


def train(job: Job, report: Reporter, stop: threading.Event) -> None:
    (Path(job.run_dir) / "environment.json").write_text(json.dumps(sorted(os.environ)))
    report(Outcome(status="completed", reason=None))
