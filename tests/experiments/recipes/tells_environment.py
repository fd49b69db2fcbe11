"""Writes down the names of its environment variables."""

import json
import os
import threading
from pathlib import Path

from experiments.training.reports import Job, Outcome, Tell


def train(job: Job, tell: Tell, stop: threading.Event) -> None:
    (Path(job.run_dir) / "environment.json").write_text(json.dumps(sorted(os.environ)))
    tell(Outcome(status="completed", reason=None))
