"""Write a finished run's model as a file that needs no server: what a job of the kind `model_file` does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from experiments.training.contract.reports import Job, Note, Reporter
from experiments.training.contract.stop import Stop
from experiments.training.exporting import building
from experiments.training.exporting.file_request import FileRequest
from experiments.training.loading.no_collection import no_collection
from experiments.training.prediction import trained_model
from experiments.training.prediction.errors import ModelError


def run(job: Job, report: Reporter, stop: Stop) -> dict[str, Any]:  # noqa: ARG001  (ended from outside, at any moment)
    """Write the file into the job's folder, and return how it was verified. Raises ModelError."""
    if job.model is None:
        raise ModelError("model", "The job names no model.")
    asked = msgspec.convert(job.options, FileRequest)

    def progress(text: str) -> None:
        report(Note(code="progress", text=text))

    progress("Loading the network")
    model = trained_model.load(job.model)
    path = Path(job.run_dir, asked.name)
    with no_collection():
        found = building.write(model, asked.facts, asked.format, path, progress)
    return {"kind": model.kind, "samples": found.samples, "deviation": found.deviation}
