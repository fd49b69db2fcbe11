"""A job on a model that counts, and leaves a file."""

from pathlib import Path
from typing import Any

from experiments.training.contract.reports import Job, Note, Progress, Reporter
from experiments.training.contract.stop import Stop


def run(job: Job, report: Reporter, stop: Stop) -> dict[str, Any]:
    del stop
    report(Note(code="progress", text="Counting"))
    for number in range(3):
        report(Progress(done=number + 1, total=3))
    Path(job.run_dir, "counted.csv").write_text("n\n3\n")
    found = sorted(path.name for path in Path(job.run_dir, "inputs").glob("*"))
    return {"asked": job.options, "device": job.device, "inputs": found, "model": job.model and job.model.classes}
