"""Model files as JSON."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from rest_framework.request import Request

from experiments.model_files import requests
from experiments.model_files.file_names import KIND, name_of, package_of
from experiments.model_files.run_facts import decides_by
from experiments.model_jobs.descriptions import summary
from experiments.models import ModelJob
from runs.events import time_or_null
from runs.models import Run


def model_files(run: Run, request: Request) -> dict[str, Any]:
    """Return the files of a run, the newest first, and the newest job that has not written its file, if it is newer."""
    now = decides_by(run)
    files = [_described(job, now, request) for job in requests.listed(run)]
    jobs = ModelJob.objects.filter(run=run, kind=KIND).select_related("run", "owner")
    unfinished = [summary(job, request) for job in jobs.filter(status__in=ModelJob.UNFINISHED)]
    return {"run_id": run.pk, "decides_by": now, "files": files, "jobs": unfinished}


def described(job: ModelJob, run: Run, request: Request) -> dict[str, Any]:
    """Return one file."""
    return _described(job, decides_by(run), request)


def file_of(job: ModelJob) -> dict[str, Any]:
    """Return the file that the job wrote, with `bytes` and `sha256`."""
    return next(file for file in job.files if file["name"] == name_of(job))


def _described(job: ModelJob, now: dict[str, Any], request: Request) -> dict[str, Any]:
    """Return one file; it is `outdated` where the run decides otherwise now, and `deviation` is that of a score."""
    file, result = file_of(job), job.result or {}

    def address(name: str) -> str:
        return request.build_absolute_uri(reverse("run-model-file", args=[job.run_id, name]))

    return {
        "model_job_id": job.pk,
        "name": file["name"],
        "format": job.options["format"],
        "kind": result["kind"],
        "bytes": file["bytes"],
        "sha256": file["sha256"],
        "licence": job.options["licence"],
        "decides_by": job.options["decides_by"],
        "outdated": requests.is_outdated(job, now),
        "deviation": result["deviation"],
        "samples": result["samples"],
        "created_at": time_or_null(job.ended_at),
        "links": {"file": address(file["name"]), "package": address(package_of(job))},
    }
