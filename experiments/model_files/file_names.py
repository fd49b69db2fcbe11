"""The names of model files, which tell the run and the job that wrote them, and of what is made of them."""

from __future__ import annotations

from experiments.models import ModelJob
from experiments.training.exporting.file_request import ONNX, PT2

KIND = "model_file"
SUFFIXES = {ONNX: ".onnx", PT2: ".pt2"}
PACKAGE = ".zip"


def name_of(job: ModelJob) -> str:
    """Return the name of the file that the job writes, different from those of all other jobs."""
    return stem_of(job) + SUFFIXES[job.options["format"]]


def stem_of(job: ModelJob) -> str:
    """Return the same without its ending."""
    return f"run-{job.run_id}-model-{job.pk}"


def package_of(job: ModelJob) -> str:
    """Return the name of the archive that holds the file, a script and a text for its user."""
    return stem_of(job) + PACKAGE
