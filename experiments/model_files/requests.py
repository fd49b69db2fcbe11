"""Ask for a model file, and list those that there are. A file that holds what the run says now is not made again."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from django.contrib.auth.models import User
from django.db.models import QuerySet

from experiments.model_files.file_names import KIND, name_of, package_of
from experiments.model_files.run_facts import decides_by
from experiments.model_jobs.refusals import require_trainer
from experiments.model_jobs.requests import enqueue
from experiments.models import ModelJob
from experiments.training.exporting.file_request import ONNX
from runs.models import Run


class Asked(NamedTuple):
    """The job that writes the file, or has; `found`: the file is there already."""

    job: ModelJob
    found: bool


def ask(run: Run, user: User, file_format: str, licence: str) -> Asked:
    """Return the job of a file in that format that holds what the run says now; queue one if there is none.

    Raises what `model_jobs.requests.enqueue` raises: PermissionDenied, Conflict, TooManyJobs, DiskFull.
    """
    require_trainer(run, user)
    options = {"format": file_format, "licence": licence, "decides_by": decides_by(run)}
    for job in _done(run):
        if job.options == options and is_kept(job):
            return Asked(job, found=True)
    return Asked(enqueue(run, user, KIND, options), found=False)


def listed(run: Run) -> list[ModelJob]:
    """Return the jobs whose files are there, the newest first."""
    return [job for job in _done(run) if is_kept(job)]


def of_name(run: Run, name: str) -> ModelJob | None:
    """Return the job whose file, or whose archive, has that name."""
    return next((job for job in _done(run) if name in (name_of(job), package_of(job))), None)


def newest_onnx_file(run: Run) -> Path | None:
    """Return the ONNX file that was written last of the run, by whatever it decided then; None where there is none."""
    return next((job.folder / name_of(job) for job in listed(run) if job.options["format"] == ONNX), None)


def is_kept(job: ModelJob) -> bool:
    """Return whether the file that the job wrote is still in its folder."""
    return (job.folder / name_of(job)).is_file()


def is_outdated(job: ModelJob, now: dict[str, Any]) -> bool:
    """Return whether the run decides otherwise now than the file does; `now` is what it decides by."""
    return bool(job.options["decides_by"] != now)


def _done(run: Run) -> QuerySet[ModelJob]:
    jobs = ModelJob.objects.filter(run=run, kind=KIND, status=ModelJob.Status.DONE)
    return jobs.select_related("run").order_by("-pk")
