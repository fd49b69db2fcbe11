"""The kinds of work on a finished run's model: what the child of a worker does, and what becomes of its result."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

from django.utils.module_loading import import_string

from experiments.models import ModelJob
from experiments.training.contract.reports import Job

KINDS: dict[str, str] = {
    "prediction": "experiments.predictions.prediction_job.KIND",
    "model_file": "experiments.model_files.model_file_kind.KIND",
    "external_test": "experiments.external_tests.kind.KIND",
}
"""The dotted name of the `Kind` of each name. It is imported by workers alone, when there is such a job."""


class Kind(ABC):
    """One kind of job; an instance of a subclass is named in `KINDS`."""

    recipe: str
    """The dotted name of a module with `run(job, report, stop)`, which returns the result as a dict of plain values."""
    expires: bool = True
    """Whether a job that is done is removed with its files after LIVETRAIN_MODEL_JOB_DAYS; else it stays as long as its
    run, or until somebody deletes it."""

    @abstractmethod
    def job_of(self, model_job: ModelJob) -> Job:
        """Return what the process needs to know; what is raised becomes the problem of the job.

        `build.job_for` sets what is the same for every kind; task and device are set by the caller.
        """

    def finish(self, model_job: ModelJob, result: Mapping[str, Any]) -> Mapping[str, Any]:  # noqa: ARG002
        """Do what belongs to the end, in the transaction that marks the job done; return what is stored as its result.

        The files of the job lie in `model_job.folder`, and are listed in `model_job.files`.
        """
        return result


def named(name: str) -> Kind:
    """Return the kind of that name; raises KeyError for one that only a newer version knows."""
    kind: Kind = import_string(KINDS[name])
    return kind
